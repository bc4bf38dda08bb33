"""The steps of a plan whose value is a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from eventer.core.model import WrittenPart
from eventer.plan.columnar_engine import Plan, raising_nodes
from eventer.plan.graph import Node
from eventer.plan.timelines.traced_steps import StepSource, StepTracer


@dataclass(frozen=True, slots=True)
class TimelinePlan:
    """The sources of all steps, and the columns that find rows that raise."""

    sources: tuple[StepSource, ...]
    checks: tuple[Node, ...]


_PLANS: Final[WeakKeyDictionary[Plan, dict[WrittenPart, TimelinePlan]]] = WeakKeyDictionary()
"""The timelines of the plans of this process: tracing them again would add to their graphs."""


def timeline_plan(plan: Plan, part: WrittenPart) -> TimelinePlan:
    """The timelines of a plan of whole events, of which a part of each step's event is written.

    Raises:
        PlanUnsupportedError: the plan does not cover the steps.
        TemplateError: all timelines raise, or the trace exceeds its budget.
    """

    def traced() -> TimelinePlan:
        known = _PLANS.setdefault(plan, {})
        if part not in known:
            tracer = plan.traced.tracer
            sources = StepTracer(tracer, part).sources(plan.traced.value)
            known[part] = TimelinePlan(sources, raising_nodes(tracer.graph))
        return known[part]

    return plan.extend(traced)
