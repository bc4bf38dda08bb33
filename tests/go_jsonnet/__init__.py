"""The reference implementation: go-jsonnet 0.22 with its official binding, in child processes.

    from tests import go_jsonnet

    value, error = go_jsonnet.evaluate(["1 + 1", "error 'no'"])
    assert value == 2.0 and isinstance(error, go_jsonnet.Error)

`evaluate` returns the results in order. It returns an `Error` for a program that fails, exceeds the
time limit or crashes the child process. `same` compares values strictly: `true` is not 1, and
negative zero is not zero.
"""

from tests.go_jsonnet.compare import same
from tests.go_jsonnet.pool import Error, GoJsonnet, Program, Value, evaluate

__all__ = ["Error", "GoJsonnet", "Program", "Value", "evaluate", "same"]
