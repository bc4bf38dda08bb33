"""Analysed templates to batches of events. Read `engine.py` first."""
