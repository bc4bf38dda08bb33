"""Kafka's record batches (format v2): written from columns, and read as columns."""
