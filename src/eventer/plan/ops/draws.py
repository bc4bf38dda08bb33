"""Draws and draw keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from eventer.core.errors import EvaluationError
from eventer.functions.columns import ConstantColumn, StringColumn, TimestampColumn
from eventer.functions.spec import BatchContext
from eventer.kernels import draw
from eventer.plan.graph import Type
from eventer.plan.ops.numbers import full
from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node


@operation("draw")
def drawn_column(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The column of a call."""
    call = node.parameters[0]
    key = arguments[0] if arguments else node.parameters[1]
    context = BatchContext(run.index(node.domain), run.scheduled(node.domain))
    try:
        return call.column(key, context)
    except EvaluationError:
        run.raise_rows(node.domain, None)
        return None


@operation("draw_values")
def draw_values(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The values of a call as an array of the node's type."""
    (column,) = arguments
    if column is None:
        return run.placeholder(node)
    if isinstance(column, TimestampColumn):
        column = column.texts
    if node.type is Type.TEXT:
        return column.to_arrow() if isinstance(column, StringColumn) else _texts(column)
    if isinstance(column, ConstantColumn):
        return np.full(column.rows, column.value)
    return column.codes if node.type is Type.DICTIONARY else column.values


def _texts(column: Any) -> Any:
    import pyarrow as pa

    return pa.array(column.to_list(), type=pa.large_string())


@operation("integer_between", raises=True)
def integer_between(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Integers between ends that differ between rows."""
    low, high = (full(run, node, end, np.int64) for end in arguments[:2])
    wrong = low > high
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        high = np.where(wrong, low, high)
    sizes = (high - low).view(np.uint64) + np.uint64(1)
    steps = draw.scaled_by_column(_words(run, node, arguments), sizes)
    return low + steps.view(np.int64)


@operation("number_between", raises=True)
def number_between(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Numbers between ends that differ between rows."""
    low, high = (full(run, node, end, np.float64) for end in arguments[:2])
    with np.errstate(all="ignore"):
        wide = high - low
    wrong = (low > high) | ~np.isfinite(wide)
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        wide, high = np.where(wrong, 0.0, wide), np.where(wrong, low, high)
    values = draw.unit_column(_words(run, node, arguments)) * wide + low
    return np.minimum(values, high)


def _words(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    key = arguments[2] if len(arguments) > 2 else node.parameters[0]
    return draw.draw_column(key, run.index(node.domain))


@operation("key_child")
def key_child(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The children of keys by one step."""
    return draw.child_column(arguments[0], node.parameters[0])


@operation("key_element")
def key_element(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The keys of elements by position, from one key."""
    return draw.child_column(node.parameters[0], arguments[0])


@operation("key_elements")
def key_elements(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """The keys of elements by position, from a key per row."""
    return draw.child_column(arguments[0], arguments[1])
