"""Traces a template: one value stands for the event of all rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import BudgetError, TemplateError
from eventer.jsonnet.budget import Budget, Meter
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import RECURSION_LIMIT, ImportedValues, call_template
from eventer.jsonnet.load import Program
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Function, Value
from eventer.plan.draw_keys import ROOT_KEY, DrawKey, DrawKeyTable
from eventer.plan.execution import Execution
from eventer.plan.graph import Type
from eventer.plan.symbols import Choice, Symbol
from eventer.plan.trace.traced_compiler import TracedCompiler
from eventer.plan.trace.traced_keys import TracedKeys
from eventer.plan.trace.traced_natives import TracedNatives
from eventer.plan.trace.traced_objects import Chain, OptionalMember, TracedObject
from eventer.plan.trace.traced_rules import RULES
from eventer.plan.trace.traced_runtime import TracedRuntime
from eventer.plan.trace.tracer import Tracer
from eventer.plan.unsupported import PlanUnsupportedError

BUDGET: Final = Budget(steps=500_000, depth=1_500, bytes=64 << 20, seconds=0.8)
"""The budget of a trace; templates beyond it have no plan."""


@dataclass(frozen=True, slots=True)
class TracedEvent:
    """The value of the event in the root domain, and its trace."""

    value: Any
    tracer: Tracer
    natives: TracedNatives
    keys: DrawKeyTable
    restart_meter: Callable[[], None]

    @property
    def timed(self) -> bool:
        """Whether a column depends on due times."""
        return self.natives.timed

    def names(
        self, value: Any, run: Execution, rows: tuple[int, int] | None = None
    ) -> frozenset[str]:
        """The visible top-level field names of a part of the event, in the events of a run.

        Events that raise have none; with `rows`, only the events [start, stop) are looked at.
        """
        return frozenset(_names(self.tracer, value, run, rows))


def trace_event(
    program: Program, natives: TracedNatives, *, unrolls_loops: bool = False
) -> TracedEvent:
    """Evaluates a program once, for all rows and all root keys.

    Long loops become lists, or are unrolled.

    Raises:
        PlanUnsupportedError: the plan does not cover it.
    """
    keys = _Keys()
    environment = Environment(natives, keys, program.vars, _no_trace)
    runtime = TracedRuntime(environment, Meter(BUDGET))
    runtime.tracer.unrolls_loops = unrolls_loops
    keys.traced = TracedKeys(runtime.tracer.graph)
    natives.runtime = runtime
    natives.stream = program, ROOT_KEY
    value = with_plan_errors(lambda: evaluated(program, runtime, ROOT_KEY), program)
    return TracedEvent(value, runtime.tracer, natives, keys.traced.table, runtime.meter.restart)


class _Keys:
    """Draw keys of an environment; `traced` is set when the graph exists."""

    traced: TracedKeys

    def child(self, key: Any, step: Any) -> Any:
        return self.traced.child(key, step)

    def constant(self, key: int) -> DrawKey:
        return self.traced.table.constant(key)

    def step_of(self, text: str) -> int:
        return TracedKeys.step_of(text)


def evaluated(program: Program, runtime: TracedRuntime, root_key: DrawKey) -> Any:
    """The value of a program in the present domain of its tracer."""
    files = _TracedFiles(program, runtime)
    compiler = TracedCompiler(runtime, files, RULES)
    files.compiler = compiler
    unit = compiler.compile_file(program.root)
    root = runtime.root(root_key)  # type: ignore[arg-type]  # the keys of a trace are no numbers
    files.begin(root)
    value = unit.run(root)
    if isinstance(value, Function):
        value = call_template(value, root, runtime, program.root.span)
    return value


class _TracedFiles(ImportedValues):
    """Imported files; their values belong to the domain of the event."""

    def __init__(self, program: Program, runtime: TracedRuntime) -> None:
        super().__init__(program, runtime)
        self._tracer = runtime.tracer
        self._domain = runtime.tracer.domain

    def value(self, path: str) -> Value:
        """See `ImportedValues.value`."""
        with self._tracer.inside(self._domain):
            return super().value(path)


def with_plan_errors(work: Any, program: Program) -> Any:
    """Runs `work` with the recursion limit of the interpreter.

    Raises:
        PlanUnsupportedError: the template exceeds a limit of the trace or raises in every row, with
            the place of the construct or of the template.
    """
    if sys.getrecursionlimit() < RECURSION_LIMIT:
        sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        return work()
    except PlanUnsupportedError as unsupported:
        raise unsupported.at(program.root.span) from unsupported.__cause__
    except BudgetError as error:
        place = error.place or program.root.span
        raise PlanUnsupportedError(
            f"it is too large to be unrolled: it {error.message}", place
        ) from error
    except TemplateError as error:
        place = error.place or program.root.span
        raise PlanUnsupportedError(
            f"every event raises an error: {error.message}", place
        ) from error
    except RecursionError as error:
        raise PlanUnsupportedError("it is nested too deeply", program.root.span) from error


def _no_trace(_message: str, _place: Any) -> None:
    raise PlanUnsupportedError("std.trace prints a message per event")


def _names(tracer: Tracer, value: Any, run: Execution, events: tuple[int, int] | None) -> set[str]:
    rows = run.healthy_rows(tracer.domain, events)
    if not rows.any():
        return set()
    value = tracer.simplified(value)
    if isinstance(value, Choice):
        found: set[str] = set()
        for holds in (True, False):
            with tracer.inside(tracer.part(value.condition, holds=holds)):
                found |= _names(tracer, tracer.side_of(value, holds=holds), run, events)
        return found
    if isinstance(value, TracedObject):
        return {name for name, chain in value.fields() if _occurs(tracer, chain, run, rows)}
    if isinstance(value, Object):
        return set(value.names())
    if isinstance(value, Symbol) and value.node.type in {Type.DICTIONARY, Type.VALUE}:
        column = run.value(tracer.lift(value.node))
        codes, known = column, value.node.entries
        if value.node.type is Type.VALUE:
            codes, known = column.codes, column.entries
        entries = [known[code] for code in np.unique(codes[rows]).tolist()]
        return {name for entry in entries if isinstance(entry, dict) for name in entry}
    return set()


def _occurs(tracer: Tracer, chain: Chain, run: Execution, rows: NDArray[np.bool_]) -> bool:
    if not isinstance(chain[-1][1], OptionalMember):
        return True
    for _, member, _ in chain:
        condition = tracer.simplified(member.condition)  # type: ignore[attr-defined]  # all but the last are optional, and the last is
        if condition is True or (
            condition is not False and bool(run.value(tracer.truth(condition))[rows].any())
        ):
            return True
    return False
