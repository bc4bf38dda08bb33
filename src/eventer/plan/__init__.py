"""Templates to batches of events. Start reading at `prepare.py` and `compile_plan.py`."""
