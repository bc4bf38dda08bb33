"""Functions of the standard library over columns; each module registers the rules of a family."""

from __future__ import annotations

from eventer.plan.trace.std import (  # noqa: F401  # each registers its rules
    format_function,
    list_functions,
    number_functions,
    object_functions,
    text_functions,
)
from eventer.plan.trace.std.traced_call import TRACED_FUNCTIONS, TracedRule

__all__ = ["TRACED_FUNCTIONS", "TracedRule"]
