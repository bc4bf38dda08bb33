"""Kafka topics; the sole importer of the Kafka client."""
