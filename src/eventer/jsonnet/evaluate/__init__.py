"""The lazy evaluator: compiles trees to closures over frames. Read `interpreter.py` first."""
