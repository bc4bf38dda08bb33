"""The lazy evaluator: trees compiled once to closures over frames. Read `interpreter.py` first."""
