"""Files as a destination: NDJSON, CSV and Parquet in folders below a root."""
