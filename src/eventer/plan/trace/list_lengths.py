"""How long lists are."""

from __future__ import annotations

from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol, SymbolicList
from eventer.plan.trace.tracer import Tracer


def list_length(tracer: Tracer, value: SymbolicList) -> Symbol:
    """The length of a list, in the current domain."""
    bounds = value.lengths.bounds
    return tracer.compute("length_values", [Symbol(value.lengths)], Type.INTEGER, bounds=bounds)
