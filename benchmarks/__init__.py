"""How fast it is, each number beside its limit in the same run: `python -m benchmarks.NAME`."""
