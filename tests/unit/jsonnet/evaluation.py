"""Environments for tests: draw keys that record their paths, natives that record calls."""

import json

import pytest

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.model import Template
from eventer.jsonnet.budget import Budget
from eventer.jsonnet.environment import Environment, discard_trace
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load

ROOT = 7
NO_TIME_LIMIT = Budget(seconds=None)


class PathKeys:
    """Draw keys for tests. A key is a number; `paths` maps it to its path."""

    def __init__(self):
        self.paths = {}
        self._numbers = {}

    def child(self, key, step):
        path = (*self.paths.get(key, (key,)), step)
        number = self._numbers.setdefault(path, 1_000_000 + len(self._numbers))
        self.paths[number] = path
        return number

    def step_of(self, text):
        return f"<{text}>"


class NoNatives:
    """An environment without natives."""

    def find(self, name):
        del name

    def names(self):
        return ()


class Recorder:
    """A native that records its calls: (arguments, the path of its draw key)."""

    def __init__(self, name, keys, params=(), result=None):
        self.name = name
        self.params = params
        self.calls = []
        self._keys = keys
        self._result = result

    def call(self, arguments, key):
        path = self._keys.paths.get(key, (key,))
        self.calls.append((list(arguments), path))
        if isinstance(self._result, EvaluationError):
            raise self._result
        return self._result(list(arguments), path) if callable(self._result) else self._result


class RecordingNatives:
    """Natives by name."""

    def __init__(self, *natives):
        self._natives = {native.name: native for native in natives}

    def find(self, name):
        return self._natives.get(name)

    def names(self):
        return tuple(self._natives)


def interpreter(text, *natives, keys=None, budget=None, vars=None, trace=None, **files):
    """An interpreter of a template; library files as `name__ext="text"`."""
    imports = tuple(
        (path.replace("__", "."), data if isinstance(data, bytes) else data.encode())
        for path, data in files.items()
    )
    template = Template(text, vars=json.dumps(vars or {}), imports=imports)
    program = load(template)
    environment = Environment(
        RecordingNatives(*natives), keys or PathKeys(), program.vars, trace or discard_trace
    )
    return Interpreter(program, environment, budget or NO_TIME_LIMIT)


def evaluate(text, *natives, **options):
    """The Python value of a template's event."""
    return interpreter(text, *natives, **options).event(ROOT).value


def evaluation_error(text, *natives, **options):
    """The error that a template's event raises."""
    with pytest.raises(TemplateError) as raised:
        evaluate(text, *natives, **options)
    return raised.value


def paths(text, **options):
    """The event of a template in which `draw()` returns the path of its draw key."""
    keys = PathKeys()
    draw = Recorder("draw", keys, result=lambda _arguments, path: list(path))
    return evaluate(f'local draw = std.native("draw"); {text}', draw, keys=keys, **options)
