"""The reference of the language tests: go-jsonnet 0.22, the official binding, in its own processes.

    from tests import go_jsonnet

    value, error = go_jsonnet.evaluate(["1 + 1", "error 'no'"])
    assert value == 2.0 and isinstance(error, go_jsonnet.Error)

`evaluate` answers in order and never raises for a program: a program that fails, runs too long or
takes the child process down is an `Error`. `same` compares values strictly: `true` is not 1, and
negative zero is not zero.
"""

from tests.go_jsonnet.compare import same
from tests.go_jsonnet.pool import Error, GoJsonnet, Program, Value, evaluate

__all__ = ["Error", "GoJsonnet", "Program", "Value", "evaluate", "same"]
