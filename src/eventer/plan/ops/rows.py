"""Rows of other domains, and lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventer.plan.graph import Node, Referenced, Type
from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution


MAX_LIST: Final = 10_000
"""Elements of one list in one event; the interpreter generates events with longer lists."""


def take_rows(column: Any, rows: Any, kind: Type) -> Any:
    """Some rows of a column."""
    if kind is Type.TEXT:
        return column.take(pa.array(rows))
    if kind is Type.VALUE:
        return column.take(rows)
    return column[rows]


@operation("take")
def take(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """A column of an outer domain."""
    (source,) = node.arguments
    assert isinstance(source, Node)
    return take_rows(run.value(source), run.rows(node.domain, source.domain), node.type)


@operation("gather")
def gather(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The rows of a column of another domain that the second argument gives."""
    source, rows = node.arguments
    assert isinstance(source, Node)
    assert isinstance(rows, Node)
    if _is_parent_row(source, rows):
        return run.value(source)
    return take_rows(run.value(source), run.value(rows), node.type)


def _is_parent_row(source: Node, rows: Node) -> bool:
    """Whether rows are those of the parent of referenced events: the same, in the same order."""
    of_parent = isinstance(source.domain, Referenced) and rows.domain is source.domain.parent
    return of_parent and rows.operation == "row_in" and rows.parameters[0] is rows.domain


@operation("row_in")
def row_in(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The row of an outer domain of each row."""
    return run.rows(node.domain, node.parameters[0])


@operation("rank")
def rank(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Rows of a domain as rows of a filter that includes them."""
    part = node.parameters[0]
    places = np.zeros(run.size(part.parent), dtype=np.int64)
    inside = run.parent_rows(part)
    places[inside] = np.arange(len(inside))
    return places[arguments[0]]


# -- lists -----------------------------------------------------------------------------------------


@operation("position")
def position(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The position of each row among the rows of the same outer row."""
    rows = run.rows(node.domain, node.parameters[0])
    number = np.arange(len(rows), dtype=np.int64)
    starts = np.zeros(len(rows), dtype=np.int64)
    starts[1:] = np.where(rows[1:] != rows[:-1], number[1:], 0)  # rows are in order
    return number - np.maximum.accumulate(starts)


@operation("counts")
def counts(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The number of rows of an inner domain per row."""
    rows = run.rows(node.parameters[0], node.domain)
    return np.bincount(rows, minlength=run.size(node.domain))


@operation("list_lengths", raises=True)
def list_lengths(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Lengths; rows with a list that is too long raise."""
    (lengths,) = arguments
    if not isinstance(lengths, np.ndarray):
        lengths = np.full(run.size(node.domain), int(lengths), dtype=np.int64)
    long = lengths > MAX_LIST
    if long.any():
        run.raise_rows(node.domain, long)
        lengths = np.where(long, 0, lengths)
    return np.maximum(lengths, 0).astype(np.int64)


@operation("length_values")
def length_values(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """Lengths as numbers."""
    return arguments[0]


@operation("element_rows")
def element_rows(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The rows of elements, by the rows of their lists and their positions."""
    row, number = arguments
    sizes = run.value(node.parameters[0])
    starts = np.cumsum(sizes) - sizes
    whole = number.astype(np.int64) if isinstance(number, np.ndarray) else int(number)
    return starts[row] + whole


@operation("split_lengths")
def split_lengths(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The number of parts of each text."""
    parts = _split(arguments[0], node.parameters[0])
    return np.diff(parts.offsets.to_numpy()).astype(np.int64)


@operation("split_items")
def split_items(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The parts of all texts."""
    source, separator = node.parameters
    return _split(run.value(source), separator).flatten()


def _split(texts: Any, separator: str) -> Any:
    import pyarrow.compute as pc

    return pc.split_pattern(texts, pattern=separator).cast(pa.large_list(pa.large_string()))


@operation("count_true")
def count_true(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The number of conditions that hold."""
    total = np.zeros(run.size(node.domain), dtype=np.int64)
    for each in arguments:
        total += each
    return total


@operation("candidate")
def candidate(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The number of the condition that each element belongs to."""
    domain, *masks = node.parameters
    size = run.size(domain)
    columns = [
        np.full(size, fill_value=True) if mask is True else run.value(mask) for mask in masks
    ]
    return np.nonzero(np.column_stack(columns))[1].astype(np.int64)


# -- reductions ------------------------------------------------------------------------------------


@operation("integer_list_sum", "list_any", "list_all")
@operation("list_sum", "list_min", "list_max", raises=True)
def reduce_each_list(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """A number or a boolean per list."""
    from eventer.plan.ops.list_reductions import reduce_lists

    items, lengths = node.arguments
    assert isinstance(lengths, Node)
    sizes = run.value(lengths)
    values = run.value(items) if isinstance(items, Node) else items.value
    if not isinstance(values, np.ndarray):
        values = np.full(int(sizes.sum()), values)
    return reduce_lists(run, node, values, sizes)


@operation("list_join")
def joined(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The texts of each list, joined by a separator."""
    import pyarrow.compute as pc

    items, lengths = node.arguments
    assert isinstance(lengths, Node)
    sizes = run.value(lengths)
    offsets = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    texts = run.value(items) if isinstance(items, Node) else [items.value] * int(offsets[-1])
    if isinstance(texts, list):
        texts = pa.array(texts, type=pa.large_string())
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), texts)
    return pc.binary_join(lists, pa.scalar(node.parameters[1], pa.large_string()))
