"""An analysed template to a plan, in two stages.

`trace/` evaluates the tree once for all rows, to symbolic values over a graph of columns.
`row_program_writer.py` writes the row program of the event's value. `columnar_engine.py` runs both.
"""

from __future__ import annotations

import logging
from typing import Final

from eventer.jsonnet.load import Program
from eventer.plan.columnar_engine import Plan
from eventer.plan.row_program_writer import RowProgramWriter
from eventer.plan.trace.traced_event import trace_event, with_plan_errors
from eventer.plan.trace.traced_natives import TracedNatives
from eventer.plan.unsupported import PlanUnsupportedError

COMPILER_DEFECT: Final = "internal error of the plan compiler"
"""The reason for a defect of the compiler; the interpreter runs the template."""

_log = logging.getLogger(__name__)


def compile_plan(program: Program, natives: TracedNatives) -> Plan:
    """The plan of a program with these natives, for all streams.

    Raises:
        PlanUnsupportedError: the plan does not cover it, with the reason and the place.
    """
    try:
        traced = trace_event(program, natives)
        written = with_plan_errors(
            lambda: RowProgramWriter(traced.tracer).program(traced.value), program
        )
    except PlanUnsupportedError:
        raise
    except MemoryError:
        raise PlanUnsupportedError("its plan needs too much memory", program.root.span) from None
    except Exception as error:
        _log.exception("the plan compiler failed; the interpreter runs the template")
        raise PlanUnsupportedError(COMPILER_DEFECT, program.root.span) from error
    return Plan(traced, written)
