"""Where events go, one package each. `base.py` states the contract."""
