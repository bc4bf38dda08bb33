"""What templates may call: one family a file, each function one spec. `catalog.py` lists them."""
