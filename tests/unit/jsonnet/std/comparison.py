"""Compares the interpreter with go-jsonnet."""

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.functions.row_reader import HashedDrawKeys
from eventer.jsonnet.budget import Budget
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load
from tests import go_jsonnet


class NoNatives:
    """An environment without natives."""

    def find(self, _name):
        return None

    def names(self):
        return ()


def evaluate(text, budget=None):
    """The value of a program, or an `Error` with our message."""
    environment = Environment(natives=NoNatives(), keys=HashedDrawKeys())
    try:
        program = load(Template(text))
        interpreter = Interpreter(program, environment, budget or Budget(seconds=None))
        return interpreter.event(1).value
    except TemplateError as error:
        return go_jsonnet.Error(error.message, type(error).__name__)


def agree(ours, theirs, ulps=0):
    """Whether two answers agree: equal values (0 equals -0), or two errors."""
    if isinstance(ours, go_jsonnet.Error) or isinstance(theirs, go_jsonnet.Error):
        return isinstance(ours, go_jsonnet.Error) and isinstance(theirs, go_jsonnet.Error)
    return go_jsonnet.same(_one_zero(ours), _one_zero(theirs), ulps)


def _one_zero(value):
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, list):
        return [_one_zero(item) for item in value]
    if isinstance(value, dict):
        return {name: _one_zero(item) for name, item in value.items()}
    return value


def differences(programs, ulps=0):
    """The differences as texts; crashes of go-jsonnet count as errors."""
    found = []
    for program, theirs in zip(programs, go_jsonnet.evaluate(programs), strict=True):
        mine = evaluate(program)
        if not agree(mine, theirs, ulps):
            found.append(f"{program}\n   go-jsonnet: {theirs!r:.300}\n   ours:  {mine!r:.300}")
    return found
