"""Events of other streams in a trace.

A reference evaluates the template of the other stream in a domain of its own, with a row for each
row that refers to it; a view shows the values there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.core.model import GrowingPopulation
from eventer.jsonnet.environment import Environment
from eventer.plan.graph import Domain
from eventer.plan.references import ReferencedProgram
from eventer.plan.symbols import Symbol
from eventer.plan.trace.row_views import View, row_in
from eventer.plan.trace.traced_event import evaluated
from eventer.plan.trace.traced_natives import TracedNatives
from eventer.plan.trace.traced_runtime import TracedRuntime
from eventer.plan.trace.tracer import RAISES_IN_EVERY_EVENT
from eventer.plan.unsupported import PlanUnsupportedError


class ReferenceView(View):
    """Shows values of events of another stream, as far as they are read."""

    origin = "a referenced event"
    hides_fields = True
    seals_objects = False

    def _computed(self, rows: Domain, compute: Callable[[], Any]) -> Any:
        """See `View`; errors have no place, because places are in the other template."""
        try:
            return super()._computed(rows, compute)
        except PlanUnsupportedError as unsupported:
            raise PlanUnsupportedError(f"a referenced event: {unsupported.reason}") from unsupported
        except EvaluationError as error:
            raise EvaluationError(RAISES_IN_EVERY_EVENT) from error


def referenced_event(natives: TracedNatives, referenced: ReferencedProgram, index: Symbol) -> Any:
    """The events of a stream at the indices of a column, in the present domain."""
    path = (*natives.path, referenced.stream.name)
    own = TracedNatives(
        referenced.stream.context,
        references=natives.references,
        lack_time=not isinstance(referenced.population, GrowingPopulation),
        path=path,
        own_name=referenced.own_name,
    )
    keys = _environment(natives).keys
    own.stream = referenced.program, keys.constant(referenced.root_key)  # type: ignore[attr-defined]  # the keys of a trace
    return _viewed(natives, own, index)


def earlier_event(natives: TracedNatives, index: Symbol) -> Any:
    """The events of the stream itself at the indices of a column, in the present domain."""
    own = natives.of_earlier_events()
    own.stream = natives.stream
    return _viewed(natives, own, index)


def _viewed(natives: TracedNatives, own: TracedNatives, index: Symbol) -> Any:
    """The events of the stream of the natives `own` at the indices of a column."""
    tracer = natives.traced
    domain = tracer.domain
    rows = row_in(tracer, domain)
    population = None if own.lack_time else own.path
    source = tracer.graph.referenced(
        domain, tracer.lift(index.node), population, earlier=own.later is not None
    )
    view = ReferenceView(tracer, source, rows, domain)
    return view.of(lambda: _event(natives, own))


def _event(natives: TracedNatives, own: TracedNatives) -> Any:
    """The event of the stream of the natives `own`."""
    runtime, environment = natives.runtime, _environment(natives)
    assert runtime is not None
    assert own.stream is not None
    program, root_key = own.stream
    inner = Environment(own, environment.keys, program.vars, environment.trace)
    own.runtime = TracedRuntime(inner, runtime.meter, runtime.tracer)
    return evaluated(program, own.runtime, root_key)


def _environment(natives: TracedNatives) -> Environment:
    assert natives.runtime is not None
    return natives.runtime.environment
