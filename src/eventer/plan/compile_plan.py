"""An analysed template to a plan, in two stages.

`trace/` evaluates the tree once for all rows, to symbolic values over a graph of columns.
`row_program_writer.py` writes the row program of the event's value. `columnar_engine.py` runs both.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from eventer.core.errors import BudgetError
from eventer.core.logs import event
from eventer.core.model import WHOLE_EVENT, WrittenPart
from eventer.core.written_part import omitted_fields, value_tokens
from eventer.jsonnet.load import Program
from eventer.plan.columnar_engine import Plan
from eventer.plan.field_sources import TracedPart, value_at
from eventer.plan.row_program_writer import RowProgramWriter
from eventer.plan.timelines.timeline_plan import TimelinePlan, timeline_plan
from eventer.plan.trace.context_natives import ContextNatives
from eventer.plan.trace.traced_event import TracedEvent, trace_event, with_plan_errors
from eventer.plan.trace.traced_natives import TracedNatives
from eventer.plan.unsupported import PlanUnsupportedError

COMPILER_DEFECT: Final = "internal error of the plan compiler"
"""The reason for a defect of the compiler; the interpreter runs the template."""

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


def compile_plan(program: Program, natives: TracedNatives, part: WrittenPart = WHOLE_EVENT) -> Plan:
    """The plan of a program with these natives, for all streams, which writes a part of each event.

    Raises:
        PlanUnsupportedError: the plan does not cover it, with the reason and the place.
    """

    def work() -> Plan:
        try:
            return planned(unrolls_loops=False)
        except PlanUnsupportedError as error:
            if isinstance(error.__cause__, BudgetError) or not _has_listed_loops(natives):
                raise
        return planned(unrolls_loops=True)

    def planned(*, unrolls_loops: bool) -> Plan:
        traced = trace_event(program, natives, unrolls_loops=unrolls_loops)
        has_context = not isinstance(natives, ContextNatives)
        plan = with_plan_errors(lambda: _plan(traced, part, has_context=has_context), program)
        assert isinstance(plan, Plan)
        return plan

    return _compiled(program, work)


def _has_listed_loops(natives: TracedNatives) -> bool:
    return natives.runtime is not None and natives.runtime.tracer.has_listed_loops


def compile_timelines(program: Program, plan: Plan, part: WrittenPart) -> TimelinePlan:
    """The timelines of a plan of whole events, of which a part of each step's event is written.

    Raises:
        PlanUnsupportedError: the plan does not cover them, with the reason and the place.
    """

    def work() -> TimelinePlan:
        found = with_plan_errors(lambda: timeline_plan(plan, part), program)
        assert isinstance(found, TimelinePlan)
        return found

    return _compiled(program, work)


def _compiled(program: Program, work: Callable[[], _T]) -> _T:
    try:
        return work()
    except PlanUnsupportedError:
        raise
    except MemoryError:
        raise PlanUnsupportedError("its plan needs too much memory", program.root.span) from None
    except Exception as error:
        _log.exception(
            "the plan compiler failed; the interpreter runs the template",
            extra=event("plan_compiler_failed"),
        )
        raise PlanUnsupportedError(COMPILER_DEFECT, program.root.span) from error


def _plan(traced: TracedEvent, part: WrittenPart, *, has_context: bool) -> Plan:
    # The program of the whole event in any case: it finds the rows that raise.
    program = RowProgramWriter(traced.tracer).program(traced.value)
    if part.is_whole:
        return Plan(traced, program, has_context=has_context)
    value = value_at(traced.tracer, traced.value, value_tokens(part))
    written = TracedPart(value, omitted_fields(part))
    program = RowProgramWriter(traced.tracer).program(value, written.omitted)
    return Plan(traced, program, written, has_context=has_context)
