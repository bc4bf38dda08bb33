"""Functions of the language, called once per distinct combination of arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventer.core.errors import BudgetError, EvaluationError
from eventer.plan.graph import Type
from eventer.plan.ops.dictionaries import DTYPES
from eventer.plan.ops.documents import JsonDictionaryColumn
from eventer.plan.ops.operation import operation
from eventer.plan.trace.plain_values import NotPlainError

if TYPE_CHECKING:
    from eventer.plan.execution import Execution
    from eventer.plan.graph import Node

_CLASSES: dict[Type, type] = {
    Type.NUMBER: float,
    Type.TEXT: str,
    Type.BOOLEAN: bool,
}
_COLUMNS = (np.ndarray, pa.Array, JsonDictionaryColumn)
_PLACEHOLDERS: dict[Type, Any] = {Type.NUMBER: 0.0, Type.TEXT: "", Type.BOOLEAN: False}


@operation("each", raises=True)
def each(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Rows raise if the function raises or returns another type than the node."""
    columns = [column for column in arguments if isinstance(column, _COLUMNS)]
    codes, distinct = _distinct(columns)
    results, raising = _results(run, node, node.parameters[0], arguments, distinct)
    if raising.any():
        run.raise_rows(node.domain, raising[codes])
    if node.type is Type.VALUE:
        return JsonDictionaryColumn(codes, results)
    if node.type is Type.TEXT:
        return pa.array(results, type=pa.large_string()).take(pa.array(codes))
    return np.array(results, dtype=DTYPES[node.type])[codes]


def texts_per_distinct_value(
    run: Execution, node: Node, function: Any, values: Any, rows: Any
) -> Any:
    """The texts of numbers in `rows` of a node (all if None); rows raise if the function does."""
    codes, distinct = _distinct([values])
    results, raising = _results(run, node, function, [values], distinct)
    if raising.any():
        wrong = np.zeros(run.size(node.domain), dtype=np.bool_)
        wrong[slice(None) if rows is None else rows] = raising[codes]
        run.raise_rows(node.domain, wrong)
    return pa.array(results, type=pa.large_string()).take(pa.array(codes))


def _results(
    run: Execution,
    node: Node,
    function: Any,
    arguments: Sequence[Any],
    distinct: Sequence[tuple[Any, ...]],
) -> tuple[list[Any], Any]:
    kind = _CLASSES.get(node.type)
    results, raising = [], np.zeros(len(distinct), dtype=np.bool_)
    for number, changing in enumerate(distinct):
        given = iter(changing)
        run.restart_meter()  # each call has the budget of an event
        try:
            result = function(
                *[next(given) if isinstance(each, _COLUMNS) else each for each in arguments]
            )
        except (EvaluationError, BudgetError, NotPlainError):
            raising[number], result = True, None
        if kind is not None and result.__class__ is not kind:
            raising[number] = True
            result = _PLACEHOLDERS[node.type]
        results.append(result)
    return results, raising


def _distinct(columns: Sequence[Any]) -> tuple[Any, list[tuple[Any, ...]]]:
    """A code per row, and the combination of values of each code."""
    codes, values = _dictionary_encode(columns[0])
    combinations: list[tuple[Any, ...]] = [(value,) for value in values]
    for column in columns[1:]:
        more, others = _dictionary_encode(column)
        pairs, codes = np.unique(codes * len(others) + more, return_inverse=True)
        combinations = [
            (*combinations[pair // len(others)], others[pair % len(others)])
            for pair in pairs.tolist()
        ]
    return codes, combinations


def _dictionary_encode(column: Any) -> tuple[Any, Sequence[Any]]:
    if isinstance(column, JsonDictionaryColumn):
        return column.codes, column.entries
    if isinstance(column, pa.Array):
        encoded = column.dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        return codes, encoded.dictionary.to_pylist()
    if column.dtype == np.bool_:
        return column.astype(np.int64), [False, True]
    bits = column.astype(np.float64, copy=False).view(np.int64)
    found, codes = np.unique(bits, return_inverse=True)
    return codes, found.view(np.float64).tolist()
