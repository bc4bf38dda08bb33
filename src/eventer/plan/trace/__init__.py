"""Evaluates a template once for all rows: the interpreter's code over symbolic values."""
