"""Formats of values and keys: schemas, encodings, and the schema registry.

A format has a module for its schema, one for the encoding of a value in Python, which says what is
wrong with it, and one for the program of the kernel that encodes columns.
"""
