"""Reads fields of planned events as Arrow columns of the types that destinations request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from eventer.core.errors import DestinationRejectedError
from eventer.core.field_values import ColumnTypeError
from eventer.core.model import ColumnType
from eventer.functions.columns import TimestampColumn
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, Function
from eventer.kernels.json.number_texts import number_texts
from eventer.plan.execution import Execution
from eventer.plan.field_sources import FieldSource
from eventer.plan.graph import Domain, Node, Type
from eventer.plan.json_fields import CONVERSIONS, rejection
from eventer.plan.ops.documents import program_texts, text_array
from eventer.plan.symbols import Symbol, Symbolic


@dataclass(frozen=True, slots=True)
class ColumnRequest:
    """A field, the type of its column, and the root rows [start, stop)."""

    pointer: str
    kind: ColumnType
    start: int
    stop: int


def read_column(
    sources: Sequence[FieldSource], run: Execution, root: Domain, request: ColumnRequest
) -> Any:
    """The Arrow column of a field, one value per requested row.

    Raises:
        DestinationRejectedError: see `eventer.core.batch.FieldReader.column`.
    """
    reader = _ColumnReader(run, root, request)
    parts = [reader.column(source) for source in sources]
    if reader.rejected is not None:
        raise reader.rejected
    if len(parts) == 1 and sources[0].rows is root:
        return parts[0][request.start : request.stop]
    rows = np.concatenate([run.rows(source.rows, root) for source in sources])
    order = np.empty(len(rows), dtype=np.int64)
    order[rows] = np.arange(len(rows))
    return pa.concat_arrays(parts).take(pa.array(order[request.start : request.stop]))


class _ColumnReader:
    """Reads sources as columns of one type; `rejected` is about the first event that fails."""

    def __init__(self, run: Execution, root: Domain, request: ColumnRequest) -> None:
        self._run = run
        self._root = root
        self._request = request
        self._kind = request.kind
        self._convert, self._type = CONVERSIONS[request.kind]
        self.rejected: DestinationRejectedError | None = None

    def column(self, source: FieldSource) -> Any:
        """The rows of a source."""
        value = source.value
        if source.program is not None:
            texts = program_texts(self._run, source.program, source.rows).cast(self._type)
            return self._without_nulls(texts, value)
        if isinstance(value, Symbol):
            return self._symbol(value.node, source.rows)
        if isinstance(value, Array | Object | Function | Symbolic):
            return self._wrong(source.rows, None)
        codes = np.zeros(self._run.size(source.rows), dtype=np.int64)
        return self._entries(source.rows, (value,), codes)

    def _without_nulls(self, texts: pa.Array, value: Any) -> pa.Array:
        """The JSON texts of values; None instead of the text of null."""
        if not (isinstance(value, Symbol) and value.node.type is Type.VALUE):
            return texts
        values = self._run.value(value.node)
        is_null = np.array([entry is None for entry in values.entries], dtype=np.bool_)
        return pc.if_else(pa.array(is_null[values.codes]), None, texts) if is_null.any() else texts

    def _symbol(self, node: Node, rows: Domain) -> Any:
        values = self._run.value(node)
        if node.type is Type.DICTIONARY:
            return self._entries(rows, node.entries, values)
        if node.type is Type.VALUE:
            return self._entries(rows, values.entries, values.codes)
        if (node.type, self._kind) == (Type.NUMBER, ColumnType.BIGINT):
            return self._integers(rows, values)
        read = _COLUMNS.get((node.type, self._kind))
        if read is not None:
            return read(values).cast(self._type)
        if self._kind is ColumnType.TIMESTAMPTZ and node.type is Type.TEXT:
            return self._instants(node, rows, values)
        return self._wrong(rows, values)

    def _integers(self, rows: Domain, values: Any) -> Any:
        wrong = (np.trunc(values) != values) | (np.abs(values) >= 2.0**63)
        if wrong.any():
            self._reject(rows, wrong, lambda row: values[row].item())
        return pa.array(np.where(wrong, 0.0, values).astype(np.int64))

    def _entries(self, rows: Domain, entries: Sequence[Any], codes: Any) -> Any:
        cells: list[Any] = []
        wrong = np.zeros(len(entries), dtype=np.bool_)
        for number, entry in enumerate(entries):
            try:
                cells.append(None if entry is None else self._convert(entry))
            except ColumnTypeError:
                cells.append(None)
                wrong[number] = True
        if wrong.any() and wrong[codes].any():
            self._reject(rows, wrong[codes], lambda row: entries[int(codes[row])])
        return pa.array(cells, type=self._type).take(pa.array(codes))

    def _instants(self, node: Node, rows: Domain, texts: Any) -> Any:
        source = node.arguments[0] if node.operation == "draw_values" else None
        raw = self._run.value(source) if isinstance(source, Node) else None
        if isinstance(raw, TimestampColumn):
            return _microseconds(raw).cast(self._type)
        encoded = texts.dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        return self._entries(rows, tuple(encoded.dictionary.to_pylist()), codes)

    def _wrong(self, rows: Domain, values: Any) -> Any:
        """A column of which every value has a wrong type."""
        size = self._run.size(rows)

        def shown(row: int) -> Any:
            if isinstance(values, pa.Array):
                return values[row].as_py()
            return values[row].item() if isinstance(values, np.ndarray) else "a value"

        self._reject(rows, np.ones(size, dtype=np.bool_), shown)
        return pa.nulls(size, self._type)

    def _reject(self, rows: Domain, wrong: Any, shown: Callable[[int], Any]) -> None:
        request, events = self._request, self._run.rows(rows, self._root)
        requested = (request.start <= events) & (events < request.stop)
        raised = self._run.raised_in(self._root)
        found = np.flatnonzero(wrong & requested & ~raised[events])
        if not len(found):
            return
        index = int(self._run.index(self._root)[events[found[0]]])
        before = None if self.rejected is None else self.rejected.index
        if before is None or index < before:
            self.rejected = rejection(index, request.pointer, self._kind, shown(int(found[0])))


def _microseconds(instants: TimestampColumn) -> Any:
    """Instants in microseconds, rounded down."""
    scale = instants.digits - 6
    units = instants.units // 10**scale if scale > 0 else instants.units * 10**-scale
    return pa.array(units).cast(pa.timestamp("us", tz="UTC"))


def _integer_text(values: Any) -> Any:
    return pa.array(values).cast(pa.string()).cast(pa.large_string())


def _number_text(values: Any) -> Any:
    data, offsets = number_texts(values)
    return text_array(offsets, data)


def _boolean_text(values: Any) -> Any:
    return pa.array(["false", "true"], pa.large_string()).take(pa.array(values.astype(int)))


_COLUMNS: Final[dict[tuple[Type, ColumnType], Callable[[Any], Any]]] = {
    (Type.INTEGER, ColumnType.BIGINT): pa.array,
    (Type.INTEGER, ColumnType.DOUBLE): lambda values: pa.array(values.astype(np.float64)),
    (Type.INTEGER, ColumnType.JSONB): _integer_text,
    (Type.INTEGER, ColumnType.KEY): _integer_text,
    (Type.NUMBER, ColumnType.DOUBLE): pa.array,
    (Type.NUMBER, ColumnType.JSONB): _number_text,
    (Type.NUMBER, ColumnType.KEY): _number_text,
    (Type.BOOLEAN, ColumnType.BOOLEAN): pa.array,
    (Type.BOOLEAN, ColumnType.JSONB): _boolean_text,
    (Type.BOOLEAN, ColumnType.KEY): _boolean_text,
    (Type.TEXT, ColumnType.TEXT): lambda values: values,
    (Type.TEXT, ColumnType.KEY): lambda values: values,
}
