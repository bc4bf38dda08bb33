"""The operations of plan nodes, a family per module."""
