"""A template explained: its plan, or why it has none, and what its events cost."""

from __future__ import annotations

from dataclasses import dataclass

from eventer.core.model import EngineName, Stream
from eventer.core.source import Place, Span
from eventer.plan.columnar import ColumnarEngine, Plan
from eventer.plan.engine import EventContext
from eventer.plan.explain import Explanation, explain_plan, names_of
from eventer.plan.measure import Measured, measure
from eventer.plan.prepare import Prepared
from eventer.plan.refusal import RefusedError


@dataclass(frozen=True, slots=True)
class Explained:
    """`plan` where there is one, else the `reason` why not, and the place of what is to blame."""

    engine: EngineName
    plan: Explanation | None
    reason: str | None = None
    place: Place | None = None
    measured: Measured | None = None


def explain_template(
    prepared: Prepared, stream: Stream, context: EventContext, at: int, *, measured: bool
) -> Explained:
    """Explains a template; measures it with events due at `at`, for about a second."""
    try:
        plan = prepared.plan(stream, context)
    except RefusedError as refusal:
        interpreter = prepared.engine(stream, context, engine="interpreter")
        costs = measure(interpreter, interpreter, at) if measured else None
        return Explained("interpreter", None, refusal.reason, _place(refusal.span), costs)
    explanation = explain_plan(plan)
    costs = _measured(prepared, plan, stream, context, at) if measured else None
    return Explained("plan", explanation, measured=costs)


def _measured(
    prepared: Prepared, plan: Plan, stream: Stream, context: EventContext, at: int
) -> Measured:
    engines = [
        prepared.engine(stream, context, engine=engine) for engine in ("auto", "interpreter")
    ]
    assert isinstance(engines[0], ColumnarEngine)
    return measure(engines[0], engines[1], at, plan=plan, name=names_of(plan).find)


def _place(span: Span | Place | None) -> Place | None:
    return span.place() if isinstance(span, Span) else span
