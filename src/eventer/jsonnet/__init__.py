"""The language, for its own sake: text to analysed tree to value. Read `load.py` first."""
