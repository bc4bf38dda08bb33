"""The functions for templates: one family per file; `catalog.py` lists them."""
