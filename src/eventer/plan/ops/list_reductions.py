"""Reductions of lists, in the order of the elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eventer.plan.ops.numbers import finite

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node


def reduce_lists(run: Execution, node: Node, values: Any, sizes: Any) -> Any:
    """One value per list; rows with an empty list have no minimum or maximum and raise."""
    if node.operation in {"list_any", "list_all"}:
        return _truths(values, sizes, searched=node.operation == "list_any")
    if node.operation == "integer_list_sum":
        return _fold(np.add, values, sizes, np.int64(0))
    if node.operation == "list_sum":
        with np.errstate(all="ignore"):
            return finite(run, node, _fold(np.add, values, sizes, np.float64(0.0)))
    empty = sizes == 0
    if empty.any():
        run.raise_rows(node.domain, empty)
    choose = _least if node.operation == "list_min" else _greatest
    return _fold(choose, values, sizes, None)


def _fold(combine: Any, values: Any, sizes: Any, start: Any) -> Any:
    """Folds all lists at once, position by position."""
    starts = np.cumsum(sizes) - sizes
    longest = int(sizes.max()) if len(sizes) else 0
    result = np.zeros(len(sizes), dtype=values.dtype)
    if start is not None:
        result[:] = start
    for number in range(longest):
        rows = np.flatnonzero(sizes > number)
        items = values[starts[rows] + number]
        first = start is None and number == 0
        result[rows] = items if first else combine(result[rows], items)
    return result


def _least(so_far: Any, item: Any) -> Any:
    return np.where(item < so_far, item, so_far)


def _greatest(so_far: Any, item: Any) -> Any:
    return np.where(item > so_far, item, so_far)


def _truths(values: Any, sizes: Any, *, searched: bool) -> Any:
    rows = np.repeat(np.arange(len(sizes)), sizes)
    found = np.bincount(rows[values == searched], minlength=len(sizes)) > 0
    return found if searched else ~found
