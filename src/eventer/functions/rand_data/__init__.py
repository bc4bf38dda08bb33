"""What `get_rand_data()` returns: one file for each family of keys.

A family lists its keys as `FIELDS`. Every key draws from H(the call's key, the step of its name);
keys that agree draw what they share from one name (`docs/reference/functions.md` says which).
"""
