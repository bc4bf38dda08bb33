"""The interpreter: compiles a program once and evaluates it for each event.

program (load.py)  ── compiler.py, rules.py ──►  closures over frames (scopes.py)
an event           ── a fresh root frame and context ──►  value  ── manifest.py ──►  JSON
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from eventer.core.errors import BudgetError, EvaluationError, TemplateError
from eventer.core.model import JsonValue
from eventer.core.source import Span
from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.context import MAX_CACHED_CONTEXTS, Context
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.closures import NO_NAMED_ARGUMENTS
from eventer.jsonnet.evaluate.compiler import CompiledFile, Compiler, Imports
from eventer.jsonnet.evaluate.rules import RULES
from eventer.jsonnet.evaluate.runtime import Runtime
from eventer.jsonnet.load import Program
from eventer.jsonnet.values import Function, Value

RECURSION_LIMIT: Final = 60_000
"""Nested Python frames of one event; `Budget.depth` is reached before."""

_IMPORT: Final = "import"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Event:
    """An event as compact JSON text, and as Python JSON values (whole numbers are int)."""

    text: str
    value: JsonValue


class Interpreter:
    """Evaluates a program for many events. Not for use by several threads at once.

    Only compiled code and derived draw keys are kept between events; neither changes a value.
    """

    def __init__(
        self,
        program: Program,
        environment: Environment,
        budget: Budget | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._program = program
        self._meter = meter or Meter(budget or Budget())
        self._runtime = Runtime(environment, self._meter)
        self._files = ImportedValues(program, self._runtime)
        compiler = Compiler(self._runtime, self._files, RULES)
        self._files.compiler = compiler
        self._unit = _guarded(lambda: compiler.compile_file(program.root), program)
        self._root: Context | None = None
        self._contexts = 0

    def event(self, root_key: int) -> Event:
        """The next event.

        Raises:
            EvaluationError: the template raises; the error has a place and a trace.
            BudgetError: the event exceeds its budget.
        """
        return self.evaluate(root_key)[0]

    def evaluate(self, root_key: int) -> tuple[Event, Value]:
        """The next event, and the value of the language that it was written from; as `event`."""
        self._restart(root_key)
        return _guarded(self._evaluate, self._program)

    def _evaluate(self) -> tuple[Event, Value]:
        value = self._value()
        text, json_value = self._runtime.manifest.text_and_value(value)
        return Event(text, json_value), value

    def value(self, root_key: int) -> Value:
        """The value of an event that is a part of another event, whose meter counts its cost.

        Its parts are computed when they are read.
        """
        meter = self._meter
        if self._root is None or not self._contexts <= meter.contexts < MAX_CACHED_CONTEXTS:
            self._root = self._runtime.root(root_key)
        self._contexts = meter.contexts
        self._files.begin(self._root)
        return self._value()

    @property
    def root(self) -> Context:
        """The root context of the present event."""
        assert self._root is not None
        return self._root

    def exchange_files(self, files: FileValues) -> FileValues:
        """Goes to the imported files of another event; returns those of the present one."""
        return self._files.exchange(files)

    def _restart(self, root_key: int) -> None:
        root, meter = self._root, self._meter
        if root is None or root.key != root_key or meter.contexts >= MAX_CACHED_CONTEXTS:
            meter.contexts = 0
            root = self._root = self._runtime.root(root_key)
        self._files.begin(root)
        meter.restart()

    def _value(self) -> Value:
        assert self._root is not None
        value = self._unit.run(self._root)
        if isinstance(value, Function):
            return call_template(value, self._root, self._runtime, self._program.root.span)
        return value


def call_template(function: Function, root: Context, runtime: Runtime, span: Span) -> Value:
    """The value of a template that is a function: the variables are its arguments.

    Raises:
        EvaluationError: a variable without a default is not set.
    """
    known = runtime.environment.vars
    for name, optional in function.parameters:
        if name not in known and not optional:
            message = f"argument {name!r} of the template is missing"
            raise EvaluationError(message, span, hint=f"set it with `-V {name}=…` or in `vars`")
    given = {name: runtime.ext_var(name) for name, _ in function.parameters if name in known}
    return function.enter(root, (), given or NO_NAMED_ARGUMENTS, span)


class FileValues:
    """The values of imported files in one event, and the files that are being evaluated."""

    __slots__ = ("in_progress", "values")

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.in_progress: set[str] = set()


class ImportedValues(Imports):
    """Imported files: compiled once, evaluated at most once per event."""

    def __init__(self, program: Program, runtime: Runtime) -> None:
        self.compiler: Compiler | None = None
        self._program = program
        self._step = runtime.environment.keys.step_of(_IMPORT)
        self._runtime = runtime
        self._units: dict[str, CompiledFile] = {}
        self._files = FileValues()
        self._root: Context | None = None

    def begin(self, root: Context) -> None:
        """Discards the values of the previous event."""
        self._root = root
        self._files.values.clear()
        self._files.in_progress.clear()

    def exchange(self, files: FileValues) -> FileValues:
        """Goes to the values of another event; returns those of the present one."""
        present, self._files = self._files, files
        return present

    def value(self, path: str) -> Value:
        """The value of a file, with the key H(root, "import", path)."""
        files = self._files
        if path in files.values:
            return files.values[path]
        assert self._root is not None
        if path in files.in_progress:
            raise EvaluationError(f"{path} imports itself: infinite recursion")
        files.in_progress.add(path)
        context = self._root.child(self._step).child(self._runtime.step_of(path))
        value = files.values[path] = self._unit(path).run(context)
        files.in_progress.discard(path)
        return value

    def data(self, path: str) -> bytes:
        """The bytes of a file."""
        return self._program.files[path]

    def _unit(self, path: str) -> CompiledFile:
        unit = self._units.get(path)
        if unit is None:
            assert self.compiler is not None
            unit = self._units[path] = self.compiler.compile_file(self._program.code[path])
        return unit


def _guarded(work: Callable[[], _T], program: Program) -> _T:
    """Runs `work` with a high recursion limit; exceeding Python's limits is a budget error."""
    if sys.getrecursionlimit() < RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        return work()
    except TemplateError as error:
        error.at(program.root.span)
        raise
    except (RecursionError, MemoryError):
        raise BudgetError("nested too deeply", program.root.span) from None
