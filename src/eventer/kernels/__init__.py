"""Columns to bytes: pure functions over arrays, the only compiled code."""
