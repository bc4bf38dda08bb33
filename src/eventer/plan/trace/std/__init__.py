"""Functions of the standard library over columns, a family a file; all others go value by value."""

from __future__ import annotations

from eventer.plan.trace.std import lists, numbers, objects, texts  # noqa: F401  # they declare
from eventer.plan.trace.std.call import FUNCTIONS, Traced

__all__ = ["FUNCTIONS", "Traced"]
