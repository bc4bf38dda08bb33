"""Avro schemas that a user gives: `parser.py` reads them, `fit.py` compares a template with them.

`encoder.py` encodes values in Python, and `program.py` writes the program for the kernel.
"""
