"""Formats templates in the style of jsonnetfmt, token by token."""
