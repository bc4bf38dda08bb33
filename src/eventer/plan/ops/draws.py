"""Draws and draw keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.columns import (
    ConstantColumn,
    DictionaryColumn,
    IntegerColumn,
    ObjectListColumn,
    StringColumn,
    TimestampColumn,
)
from eventer.functions.spec import BatchContext, BoundCall, ObjectListCall
from eventer.kernels import draw
from eventer.kernels.draw import entity_words
from eventer.plan.graph import Type
from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

_FEW_ROWS: Final = 64


@operation("draw")
def drawn_column(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The column of a call."""
    call = node.parameters[0]
    key = arguments[0] if arguments else run.key(node.parameters[1], node.domain)
    if isinstance(call, ObjectListCall):
        _refuse_too_many_elements(run, node, call, key)
    return _column_of_valid_rows(run, node, lambda _: call, key)


def _refuse_too_many_elements(run: Execution, node: Node, call: ObjectListCall, key: Any) -> None:
    """Raises before the memory of long lists is needed, by the lengths of the first ones."""
    from eventer.plan.execution import MAX_ELEMENTS, BatchTooLargeError

    size = run.size(node.domain)
    if size * call.lengths[1] > MAX_ELEMENTS:
        first = call.column(*_key_and_context(run, node, key, np.arange(min(size, _FEW_ROWS))))
        assert isinstance(first, ObjectListColumn)
        if size * first.lengths.mean() > MAX_ELEMENTS:
            raise BatchTooLargeError


@operation("draw_with_columns", raises=True)
def drawn_with_columns(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The column of a call with arguments that differ between rows."""
    call = node.parameters[0]
    count = len(call.varying)
    columns = arguments[:count]
    key = arguments[count] if len(arguments) > count else run.key(node.parameters[1], node.domain)

    def bind(rows: Any) -> BoundCall:
        given = columns if rows is None else [column[rows] for column in columns]
        bound: BoundCall = call.bind(given)
        return bound

    return _column_of_valid_rows(run, node, bind, key)


def _column_of_valid_rows(
    run: Execution, node: Node, bind: Callable[[Any], BoundCall], key: Any
) -> Any:
    """The column of a call; rows without a value raise, and have the value of another row.

    None if no row has a value. `bind` makes the call for rows (all if None).
    """
    domain, rows = node.domain, None
    while True:
        try:
            return bind(rows).column(*_key_and_context(run, node, key, rows))
        except InvalidRowsError as error:
            run.raise_rows(domain, error.rows)
            valid = np.flatnonzero(~error.rows)
            if not len(valid):
                break
            rows = np.arange(run.size(domain)) if rows is None else rows
            rows = np.where(error.rows, rows[valid[0]], rows)
        except EvaluationError:
            break
    run.raise_rows(domain, None)
    return None


def _key_and_context(
    run: Execution, node: Node, key: Any, rows: Any
) -> tuple[draw.Key, BatchContext]:
    index, scheduled = run.index(node.domain), run.scheduled(node.domain)
    if rows is not None:
        index, scheduled = index[rows], scheduled[rows]
        key = key if isinstance(key, int) else key[rows]
    return key, BatchContext(index, scheduled)


@operation("population")
def population(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """How many events of another stream exist."""
    found = run.inputs.population(node.parameters)
    return found.counts(run.index(node.domain), run.scheduled(node.domain))


@operation("earlier_events")
def earlier_events(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """How many events of the same stream come before."""
    return run.index(node.domain)


@operation("is_first_event")
def is_first_event(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """Whether no event of the same stream comes before."""
    return run.index(node.domain) == 0


@operation("draw_values")
def draw_values(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The values of a call as an array of the node's type."""
    (column,) = arguments
    if column is None:
        return run.placeholder(node)
    if isinstance(column, TimestampColumn):
        column = column.texts
    if node.type is Type.TEXT:
        return _texts(column)
    if isinstance(column, ConstantColumn):
        return np.full(column.rows, column.value)
    if node.type is Type.NUMBER and isinstance(column, IntegerColumn):
        return column.values.astype(np.float64)
    return column.codes if node.type is Type.DICTIONARY else column.values


def _texts(column: Any) -> Any:
    if isinstance(column, StringColumn):
        return column.to_arrow()
    if isinstance(column, DictionaryColumn):
        entries = pa.array(column.entries, type=pa.large_string())
        return entries.take(pa.array(column.codes))
    return pa.array([column.value] * column.rows, type=pa.large_string())


@operation("draw_lengths")
def draw_lengths(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The lengths of the arrays of a call."""
    (column,) = arguments
    return run.placeholder(node) if column is None else column.lengths


@operation("draw_items")
def draw_items(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """The codes of the elements of the arrays of a call, in the domain of the elements."""
    column = run.value(node.parameters[0])
    return run.placeholder(node) if column is None else column.codes


@operation("draw_field")
def draw_field(run: Execution, node: Node, _arguments: Sequence[Any]) -> Any:
    """A field of the objects in the arrays of a call, in the domain of the elements."""
    raw, name = node.parameters
    run.size(node.domain)  # first: too many elements raise
    column = run.value(raw)
    return None if column is None else column.columns[name]()


@operation("entity_words")
def entity_words_of(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """The words of entities, which are numbers or texts."""
    (values,) = arguments
    if isinstance(values, np.ndarray):
        return entity_words.number_words(values)
    _, offsets, data = values.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[values.offset :][: len(values) + 1]
    return entity_words.text_words(np.frombuffer(data or b"", dtype=np.uint8), starts)


@operation("key_child")
def key_child(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The children of keys by one step."""
    return draw.child_column(arguments[0], node.parameters[0])


@operation("key_element")
def key_element(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The keys of elements by position, from one key."""
    return draw.child_column(run.key(node.parameters[0], node.domain), arguments[0])


@operation("key_elements")
def key_elements(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """The keys of elements by position, from a key per row."""
    return draw.child_column(arguments[0], arguments[1])
