"""An analysed template to a plan: the stages, in order.

trace (trace/)      the tree, evaluated once for all rows, to symbolic values over a graph
rows (rows.py)      the event's value to a row program
run (execute.py)    the graph, for a batch of rows, to columns; see `columnar.py`
"""

from __future__ import annotations

import logging
from typing import Final

from eventer.jsonnet.load import Program
from eventer.plan.columnar_engine import Plan
from eventer.plan.engine import EventContext
from eventer.plan.row_program_writer import RowProgramWriter
from eventer.plan.trace.traced_event import trace_event, with_plan_errors
from eventer.plan.unsupported import PlanUnsupportedError

COMPILER_DEFECT: Final = "the compiler of plans is at fault"
"""How a reason begins that is a defect of ours; the template runs all the same."""

_log = logging.getLogger(__name__)


def compile_plan(program: Program, root_key: int, context: EventContext) -> Plan:
    """The plan of a program for one stream.

    Raises:
        PlanUnsupportedError: the plan does not cover it; it says why and where.
    """
    try:
        traced = trace_event(program, root_key, context)
        written = with_plan_errors(
            lambda: RowProgramWriter(traced.tracer).program(traced.value), program
        )
    except PlanUnsupportedError:
        raise
    except Exception as error:
        _log.exception("a template cannot be compiled")
        raise PlanUnsupportedError(f"{COMPILER_DEFECT}: {error!r}", program.root.span) from error
    return Plan(traced, written)
