"""Stores generators durably."""
