"""Kafka's record batches (format v2): built from columns, and read back."""
