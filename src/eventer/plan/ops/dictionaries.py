"""Codes of dictionaries, conditions, and the merging of their branches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from eventer.plan.graph import Node, Type
from eventer.plan.ops.operation import operation

if TYPE_CHECKING:
    from eventer.plan.execution import Execution

DTYPES = {
    Type.INTEGER: np.int64,
    Type.NUMBER: np.float64,
    Type.BOOLEAN: np.bool_,
    Type.DICTIONARY: np.int64,
    Type.KEY: np.uint64,
    Type.ROWS: np.int64,
}


@operation("entries")
def entries(_run: Execution, _node: Node, arguments: Sequence[Any]) -> Any:
    """The codes of a dictionary, used with other entries; a BOOLEAN has the codes 0 and 1."""
    (codes,) = arguments
    return codes if codes.dtype == np.int64 else codes.astype(np.int64)


@operation("truth")
def truth(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Codes as booleans."""
    table = np.array(node.parameters, dtype=np.bool_)
    (codes,) = arguments
    return table[codes if codes.dtype == np.int64 else codes.astype(np.int64)]


@operation("typed")
def typed(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The entries of a dictionary as a column."""
    if node.type is Type.TEXT:
        return _texts(node.parameters).take(pa.array(arguments[0]))
    return _table(node.parameters, node.type)[arguments[0]]


@lru_cache(maxsize=256)
def _texts(texts: tuple[str, ...]) -> Any:
    return pa.array(texts, type=pa.large_string())


@lru_cache(maxsize=256)
def _table(values: tuple[Any, ...], kind: Type) -> Any:
    return np.array(values, dtype=DTYPES[kind])


@operation("recoded")
def recoded(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Codes as those of other entries."""
    return _table(node.parameters, Type.DICTIONARY)[arguments[0]]


@operation("code_pairs")
def code_pairs(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """One code for a combination of codes; the parameters are the numbers of codes."""
    code = arguments[0]
    for size, each in zip(node.parameters[1:], arguments[1:], strict=True):
        code = code * size + each
    return code


@operation("offset_codes")
def offset_codes(_run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Integers as codes, counted from the lowest possible one."""
    return arguments[0].astype(np.int64) - node.parameters[0]


@operation("positions", raises=True)
def positions(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """Numbers without their fractions as positions of an array; rows outside raise."""
    whole = np.trunc(arguments[0])
    wrong = ~((whole >= 0) & (whole < node.parameters[0]))
    if wrong.any():
        run.raise_rows(node.domain, wrong)
        whole = np.where(wrong, 0.0, whole)
    return whole.astype(np.int64)


@operation("merge")
def merge(run: Execution, node: Node, arguments: Sequence[Any]) -> Any:
    """The columns of the two branches of a condition as one column."""
    mask, *sides = arguments
    rows = np.flatnonzero(mask), np.flatnonzero(~mask)
    if node.type is Type.TEXT:
        return _merged_texts(sides, rows)
    out: Any = np.empty(run.size(node.domain), dtype=DTYPES[node.type])
    for side, at in zip(sides, rows, strict=True):
        out[at] = side
    return out


def _merged_texts(sides: Sequence[Any], rows: Sequence[Any]) -> Any:
    parts = [
        pa.array([side] * len(at), type=pa.large_string()) if isinstance(side, str) else side
        for side, at in zip(sides, rows, strict=True)
    ]
    order = np.empty(len(rows[0]) + len(rows[1]), dtype=np.int64)
    order[np.concatenate(rows)] = np.arange(len(order))
    return pa.concat_arrays([as_array(part) for part in parts]).take(pa.array(order))


def as_array(column: Any) -> Any:
    """A text column as one Arrow array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
