"""The language: text to analysed tree to value. Read `load.py` first."""
