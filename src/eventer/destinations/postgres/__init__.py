"""PostgreSQL tables as a destination. Only this package imports the PostgreSQL client."""
