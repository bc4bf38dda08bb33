"""One field of an event as a column of a destination's type: found once, read in every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from eventer.core.errors import DestinationRejectedError, EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import ColumnType
from eventer.core.pointer import parse_pointer
from eventer.functions.columns import TimestampColumn
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Array, force
from eventer.kernels.json.assemble import assemble
from eventer.kernels.json.number_texts import number_texts
from eventer.plan.execution import Execution
from eventer.plan.graph import Domain, Node, Type
from eventer.plan.json_fields import CONVERSIONS, ColumnTypeError
from eventer.plan.ops.documents import text_array
from eventer.plan.row_program import BoundRowProgram
from eventer.plan.row_program_writer import RowProgramWriter
from eventer.plan.symbols import AlwaysRaises, Choice, Symbol, Symbolic, SymbolicList, type_name_of
from eventer.plan.trace.traced_objects import OptionalMember, TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.trace.views import nth

_TEXTS: Final = frozenset({ColumnType.JSONB, ColumnType.KEY})


@dataclass(frozen=True, slots=True)
class FieldSource:
    """The rows of a domain, and the one kind of value that a field has there."""

    rows: Domain
    value: Any
    program: BoundRowProgram | None


def find_field_sources(
    tracer: Tracer, event: Any, pointer: str, kind: ColumnType
) -> tuple[FieldSource, ...]:
    """Where the values of a field come from, each row's by exactly one leaf."""
    try:
        found = _at(tracer, event, parse_pointer(pointer))
    except EvaluationError:
        found = None  # every row that has the field raises
    return tuple(_sources(tracer, found, kind))


# -- finding the field -----------------------------------------------------------------------------


def _at(tracer: Tracer, value: Any, tokens: Sequence[str]) -> Any:
    """The value at a pointer; None where there is none."""
    value = tracer.simplified(force(value))
    if isinstance(value, AlwaysRaises):
        return None  # these rows raise, and have no fields
    if not tokens:
        return value
    if isinstance(value, Choice):
        return tracer.distribute(value, lambda side: _at(tracer, side, tokens))
    if isinstance(value, Object):
        return _field(tracer, value, tokens)
    if isinstance(value, Array):
        position = _array_index(tokens[0])
        within = position is not None and position < len(value.items)
        return _at(tracer, value.items[position or 0], tokens[1:]) if within else None
    if isinstance(value, SymbolicList):
        return _element(tracer, value, tokens)
    if isinstance(value, Symbol) and value.node.type is Type.DICTIONARY:
        return tracer.scalar([value], lambda each: _at(tracer, each, tokens), _none)
    return None


def _none(_values: Any) -> None:
    return None


def _array_index(token: str) -> int | None:
    plain = token.isascii() and token.isdigit() and (len(token) == 1 or token[0] != "0")
    return int(token) if plain else None


def _field(tracer: Tracer, value: Object, tokens: Sequence[str]) -> Any:
    name, rest = tokens[0], tokens[1:]
    if not isinstance(value, TracedObject):
        return _at(tracer, value.get(name), rest) if value.has(name, hidden=False) else None
    chain = dict(value.fields()).get(name)
    if chain is None:
        return None
    if not isinstance(chain[-1][1], OptionalMember):
        return _at(tracer, value.get(name), rest)
    return _optional(tracer, value, name, list(chain), rest)


def _optional(
    tracer: Tracer, value: TracedObject, name: str, chain: list[Any], rest: Sequence[str]
) -> Any:
    if not chain:
        return None
    number, member, _ = chain[0]
    condition = tracer.simplified(member.condition)

    def there() -> Any:
        return _at(tracer, value.part(number, member, name), rest)

    def elsewhere() -> Any:
        return _optional(tracer, value, name, chain[1:], rest)

    if isinstance(condition, bool):
        return there() if condition else elsewhere()
    return tracer.choose(condition, there, elsewhere)


def _element(tracer: Tracer, value: SymbolicList, tokens: Sequence[str]) -> Any:
    position = _array_index(tokens[0])
    if position is None:
        return None
    number = float(position)
    inside = tracer.compute("is_position", [number, tracer.list_length(value)], Type.BOOLEAN)
    return tracer.choose(
        inside, lambda: _at(tracer, nth(tracer, value, number), tokens[1:]), lambda: None
    )


def _sources(tracer: Tracer, value: Any, kind: ColumnType) -> list[FieldSource]:
    value = tracer.simplified(value)
    if isinstance(value, AlwaysRaises):
        value = None
    if isinstance(value, Choice):
        found = []
        for holds in (True, False):
            with tracer.inside(tracer.part(value.condition, holds=holds)):
                found += _sources(tracer, tracer.side_of(value, holds=holds), kind)
        return found
    if isinstance(value, Symbol):
        value = Symbol(tracer.lift(value.node))
    program = None
    if kind in _TEXTS and _needs_program(value, kind):
        try:
            program = RowProgramWriter(tracer).program(value)
        except EvaluationError:
            value = None  # all of these rows raise
    return [FieldSource(tracer.domain, value, program)]


def _needs_program(value: Any, kind: ColumnType) -> bool:
    if isinstance(value, SymbolicList | Array | Object):
        return True
    if isinstance(value, Symbol) and value.node.type is Type.VALUE:
        return kind is ColumnType.JSONB or type_name_of(value) in {"array", "object"}
    return (
        kind is ColumnType.JSONB and isinstance(value, Symbol) and type_name_of(value) == "string"
    )


# -- reading it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ColumnRequest:
    """A field, the type it is wanted as, and the root rows [start, stop) it is wanted of."""

    pointer: str
    kind: ColumnType
    start: int
    stop: int


def read(
    sources: Sequence[FieldSource], run: Execution, root: Domain, request: ColumnRequest
) -> Any:
    """The Arrow column of a field, a value for each of the rows that are wanted.

    Raises:
        DestinationRejectedError: see `eventer.core.batch.Fields.column`.
    """
    reader = _ColumnReader(run, root, request)
    parts = [reader.column(source) for source in sources]
    if reader.rejected is not None:
        raise reader.rejected[1]
    if len(parts) == 1 and sources[0].rows is root:
        return parts[0][request.start : request.stop]
    rows = np.concatenate([run.rows(source.rows, root) for source in sources])
    order = np.empty(len(rows), dtype=np.int64)
    order[rows] = np.arange(len(rows))
    return pa.concat_arrays(parts).take(pa.array(order[request.start : request.stop]))


class _ColumnReader:
    """Reads leaves as columns of one type; `rejected` is the first event of which that fails."""

    def __init__(self, run: Execution, root: Domain, request: ColumnRequest) -> None:
        self._run = run
        self._root = root
        self._request = request
        self._kind = request.kind
        self._convert, self._type = CONVERSIONS[request.kind]
        self.rejected: tuple[int, DestinationRejectedError] | None = None

    def column(self, source: FieldSource) -> Any:
        """A leaf's own rows."""
        size = self._run.size(source.rows)
        if source.program is not None:
            return self._by_program(source.program, source.rows, size)
        value = source.value
        if isinstance(value, Array | Object):
            return self._wrong(source.rows, None)
        if not isinstance(value, Symbolic):
            return self._picked(source.rows, (value,), np.zeros(size, dtype=np.int64))
        if isinstance(value, Symbol):
            return self._symbol(value.node, source.rows)
        return self._wrong(source.rows, None)

    def _by_program(self, program: BoundRowProgram, rows: Domain, size: int) -> Any:
        columns, limit = program.columns(self._run), 1 << 40
        text = assemble(
            program.rows, columns, size, limit=limit, event_limit=limit, guess=size * 64
        )
        texts = text_array(text.ends, text.text)
        del rows
        return texts if self._type == pa.large_string() else texts.cast(self._type)

    def _symbol(self, node: Node, rows: Domain) -> Any:
        values = self._run.value(node)
        if node.type is Type.DICTIONARY:
            return self._picked(rows, node.entries, values)
        if node.type is Type.VALUE:
            return self._picked(rows, values.entries, values.codes)
        read = _COLUMNS.get((node.type, self._kind))
        if read is not None:
            column, wrong = read(values)
            if wrong is not None and wrong.any():
                self._reject(rows, wrong, lambda row: values[row].item())
            return column
        if self._kind is ColumnType.TIMESTAMPTZ and node.type is Type.TEXT:
            return self._instants(node, rows, values)
        return self._wrong(rows, values)

    def _picked(self, rows: Domain, entries: Sequence[Any], codes: Any) -> Any:
        cells: list[Any] = []
        wrong = np.zeros(len(entries), dtype=np.bool_)
        for number, entry in enumerate(entries):
            cell = None
            if entry is not None:
                try:
                    cell = self._convert(entry)
                except ColumnTypeError:
                    wrong[number] = True
            cells.append(cell)
        if wrong.any() and wrong[codes].any():
            self._reject(rows, wrong[codes], lambda row: entries[int(codes[row])])
        return pa.array(cells, type=self._type).take(pa.array(codes))

    def _instants(self, node: Node, rows: Domain, texts: Any) -> Any:
        source = node.arguments[0] if node.operation == "draw_values" else None
        raw = self._run.value(source) if isinstance(source, Node) else None
        if isinstance(raw, TimestampColumn):
            return _as_microseconds(raw).cast(self._type)
        encoded = texts.dictionary_encode()
        codes = encoded.indices.to_numpy().astype(np.int64)
        return self._picked(rows, tuple(encoded.dictionary.to_pylist()), codes)

    def _wrong(self, rows: Domain, values: Any) -> Any:
        """A column of which no value is of the kind."""
        size = self._run.size(rows)

        def shown(row: int) -> Any:
            if isinstance(values, pa.Array):
                return values[row].as_py()
            return values[row].item() if isinstance(values, np.ndarray) else "a value"

        self._reject(rows, np.ones(size, dtype=np.bool_), shown)
        return pa.nulls(size, self._type)

    def _reject(self, rows: Domain, wrong: Any, shown: Callable[[int], Any]) -> None:
        events = self._run.rows(rows, self._root)
        within = (self._request.start <= events) & (events < self._request.stop)
        found = np.flatnonzero(wrong & within & ~self._run.raised[events])
        if not len(found):
            return
        index = int(self._run.index(self._root)[events[found[0]]])
        if self.rejected is None or index < self.rejected[0]:
            error = DestinationRejectedError(
                f"event {index}: the value at {self._request.pointer} is not a {self._kind.value}: "
                f"{_abbreviated(shown(int(found[0])))}",
                index=index,
            )
            self.rejected = index, error


def _abbreviated(value: Any) -> str:
    text = json_text(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _as_microseconds(instants: TimestampColumn) -> Any:
    """Instants in microseconds, cut."""
    scale = instants.digits - 6
    units = instants.units // 10**scale if scale > 0 else instants.units * 10**-scale
    return pa.array(units).cast(pa.timestamp("us", tz="UTC"))


_Column = tuple[Any, Any]


def _integer(values: Any) -> _Column:
    return pa.array(values), None


def _integer_as_double(values: Any) -> _Column:
    return pa.array(values.astype(np.float64)), None


def _integer_text(values: Any) -> _Column:
    return pa.array(values).cast(pa.string()).cast(pa.large_string()), None


def _double(values: Any) -> _Column:
    return pa.array(values), None


def _double_as_integer(values: Any) -> _Column:
    wrong = (np.trunc(values) != values) | (np.abs(values) >= 2.0**63)
    return pa.array(np.where(wrong, 0.0, values).astype(np.int64)), wrong


def _double_text(values: Any) -> _Column:
    data, offsets = number_texts(values)
    return text_array(offsets, data), None


def _boolean(values: Any) -> _Column:
    return pa.array(values), None


def _boolean_text(values: Any) -> _Column:
    return pa.array(["false", "true"], pa.large_string()).take(pa.array(values.astype(int))), None


def _text(values: Any) -> _Column:
    return values, None


def _as_key(read: Callable[[Any], _Column]) -> Callable[[Any], _Column]:
    return lambda values: (read(values)[0].cast(pa.large_binary()), None)


_COLUMNS: Final[dict[tuple[Type, ColumnType], Callable[[Any], _Column]]] = {
    (Type.INTEGER, ColumnType.BIGINT): _integer,
    (Type.INTEGER, ColumnType.DOUBLE): _integer_as_double,
    (Type.INTEGER, ColumnType.JSONB): _integer_text,
    (Type.INTEGER, ColumnType.KEY): _as_key(_integer_text),
    (Type.NUMBER, ColumnType.BIGINT): _double_as_integer,
    (Type.NUMBER, ColumnType.DOUBLE): _double,
    (Type.NUMBER, ColumnType.JSONB): _double_text,
    (Type.NUMBER, ColumnType.KEY): _as_key(_double_text),
    (Type.BOOLEAN, ColumnType.BOOLEAN): _boolean,
    (Type.BOOLEAN, ColumnType.JSONB): _boolean_text,
    (Type.BOOLEAN, ColumnType.KEY): _as_key(_boolean_text),
    (Type.TEXT, ColumnType.TEXT): _text,
    (Type.TEXT, ColumnType.KEY): _as_key(_text),
}
