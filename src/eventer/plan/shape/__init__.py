"""Static inference: what can be known of a template's events without making any.

`infer.py` walks the analysed tree, `abstract.py` holds what it finds, `results.py` knows what
functions return.
"""
