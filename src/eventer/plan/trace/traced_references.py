"""Events of other streams in a trace.

A reference evaluates the template of the other stream in a domain of its own, with a row for each
row that refers to it; a view shows the values there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventer.core.bindings import ReferencePath
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
    tracer = natives.traced
    domain = tracer.domain
    rows = row_in(tracer, domain)
    population = _path(natives, referenced) if _grows(referenced) else None
    source = tracer.graph.referenced(domain, tracer.lift(index.node), population)
    view = ReferenceView(tracer, source, rows, domain)
    return view.of(lambda: _event(natives, referenced))


def _grows(referenced: ReferencedProgram) -> bool:
    return isinstance(referenced.population, GrowingPopulation)


def _path(natives: TracedNatives, referenced: ReferencedProgram) -> ReferencePath:
    return (*natives.path, referenced.stream.name)


def _event(natives: TracedNatives, referenced: ReferencedProgram) -> Any:
    runtime, stream = natives.runtime, referenced.stream
    assert runtime is not None
    own = TracedNatives(
        stream.context,
        references=natives.references,
        lack_time=not _grows(referenced),
        path=_path(natives, referenced),
    )
    keys = runtime.environment.keys
    environment = Environment(own, keys, referenced.program.vars, runtime.environment.trace)
    own.runtime = TracedRuntime(environment, runtime.meter, runtime.tracer)
    root_key = keys.constant(referenced.root_key)  # type: ignore[attr-defined]  # the keys of a trace
    return evaluated(referenced.program, own.runtime, root_key)
