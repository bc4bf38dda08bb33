"""The keys of `get_rand_data()`: one file per family.

A family lists its keys as `FIELDS`. Every key draws from H(the call's key, the step of its name);
keys that agree draw their common part from one name (`docs/reference/functions.md` lists them).
"""
