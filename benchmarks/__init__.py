"""Benchmarks that measure Eventer and a limit in the same run: `python -m benchmarks.NAME`."""
