"""A template evaluated once for all rows: the interpreter's own machinery over symbolic values."""
