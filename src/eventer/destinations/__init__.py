"""The destinations, one package each. `base.py` states their contract."""
