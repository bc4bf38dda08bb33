"""PostgreSQL tables; the sole importer of the PostgreSQL client."""
