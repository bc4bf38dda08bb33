"""The explanation of a template: its plan, or the reason why it has none, and its costs."""

from __future__ import annotations

from collections.abc import Callable

from eventer.core.model import WHOLE_EVENT, Stream
from eventer.core.source import Place, Span
from eventer.core.timelines import TimelineSpec
from eventer.plan.columnar_engine import ColumnarEngine
from eventer.plan.compile_plan import compile_timelines
from eventer.plan.engine import EventContext
from eventer.plan.explain import explain_plan, node_names
from eventer.plan.explanation import Measurement, TemplateExplanation
from eventer.plan.measure import measure
from eventer.plan.prepare import PreparedTemplate
from eventer.plan.stream_plan import StreamPlan
from eventer.plan.unsupported import PlanUnsupportedError


def explain_template(
    prepared: PreparedTemplate,
    stream: Stream,
    context: EventContext,
    at: int,
    *,
    measured: bool,
    timeline: TimelineSpec | None = None,
    on_explained: Callable[[], None] = lambda: None,
) -> TemplateExplanation:
    """Explains a template; measures it for about a second, with events due at `at`.

    With `timeline`, there is a plan only if it covers the steps, too.

    Calls `on_explained` before it measures.
    """
    try:
        plan = prepared.plan(stream, context)
        if timeline is not None:
            compile_timelines(prepared.program, plan.plan, WHOLE_EVENT)
    except PlanUnsupportedError as unsupported:
        on_explained()
        interpreter = prepared.engine(stream, context, engine="interpreter")
        costs = measure(interpreter, interpreter, at) if measured else None
        return TemplateExplanation(
            "interpreter", None, unsupported.reason, _place(unsupported.span), costs
        )
    explanation = explain_plan(plan)
    on_explained()
    costs = _measured(prepared, plan, stream, context, at) if measured else None
    return TemplateExplanation("plan", explanation, measured=costs)


def _measured(
    prepared: PreparedTemplate, plan: StreamPlan, stream: Stream, context: EventContext, at: int
) -> Measurement:
    engines = [
        prepared.engine(stream, context, engine=engine) for engine in ("auto", "interpreter")
    ]
    assert isinstance(engines[0], ColumnarEngine)
    return measure(engines[0], engines[1], at, plan=plan, name=node_names(plan).find)


def _place(span: Span | Place | None) -> Place | None:
    return span.place() if isinstance(span, Span) else span
