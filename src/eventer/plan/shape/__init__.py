"""Static inference: the types of events, without generating any.

`infer.py` evaluates the tree over the abstract values of `abstract.py`; `rules.py` has a rule per
expression, `std_rules.py` and `native_rules.py` have the results of functions.
"""
