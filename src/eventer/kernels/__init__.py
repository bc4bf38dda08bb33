"""Columns to bytes: the only compiled code. Pure functions over arrays."""
