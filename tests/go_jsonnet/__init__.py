"""The judge of the language tests: go-jsonnet 0.22, the official binding, in processes of its own.

    from tests import judge

    value, error = judge.evaluate(["1 + 1", "error 'no'"])
    assert value == 2.0 and isinstance(error, judge.Error)

`evaluate` answers in order and never raises for a program: a program that fails, runs too long or
takes the child process down is an `Error`. `same` compares values strictly: `true` is not 1, and
negative zero is not zero.
"""

from tests.go_jsonnet.compare import same
from tests.go_jsonnet.pool import Error, GoJsonnet, Program, Value, evaluate

__all__ = ["Error", "GoJsonnet", "Program", "Value", "evaluate", "same"]
