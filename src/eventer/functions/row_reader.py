"""The functions for the interpreter: single rows of the same columns.

A draw key identifies a call of a template, so it is the same in every event. The first read of a
key computes one row; a read in a second row computes a chunk of rows, which later rows use.

The classes implement the protocols of `eventer.jsonnet.natives`; neither package imports the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue, Population
from eventer.functions import arguments as args
from eventer.functions.catalog import CATALOG, Catalog
from eventer.functions.spec import (
    BatchContext,
    BoundCall,
    FieldSpec,
    FunctionSpec,
    ObjectCall,
    ReturnType,
    RowContext,
    field_names,
)
from eventer.kernels import draw

MIN_CHUNK: Final = 64
MAX_CHUNK: Final = 1024
MAX_BYTES: Final = 32 << 20
_MAX_CACHED_CALLS: Final = 4096

# The memory of an entry with its place in the dictionary, and of a list slot with a small object.
_ENTRY_BYTES: Final = 500
_VALUE_BYTES: Final = 40
_MAX_GROWING_BYTES: Final = 1 << 20
"""An entry of this memory does not grow."""

_ReadKey: TypeAlias = tuple[Any, ...]
# For other types, arguments with different meanings may be equal: true equals 1.
_PLAIN: Final = frozenset({float, str, type(None)})


class HashedDrawKeys:
    """`eventer.jsonnet.natives.DrawKeys` with the hash H of draws."""

    __slots__ = ()

    child = staticmethod(draw.child)
    step_of = staticmethod(draw.step_of)


class EventsByIndex(Protocol):
    """The events of a stream that can be referred to."""

    population: Population

    def count(self, reader: RowContext) -> int | None:
        """How many events exist for the event that refers to them; None if this never changes.

        If there are none, the reference is null.
        """

    def event(self, index: int, reader: RowContext) -> Any:
        """The event at an index, as a native returns it.

        Raises:
            EvaluationError: the event raises.
        """


class _CachedValues:
    """The values of one call and key in the rows from `first` on, within one window."""

    __slots__ = ("call", "chunk", "first", "size", "values", "window")

    def __init__(self, call: BoundCall, first: int, window: int, value: JsonValue) -> None:
        self.call = call
        self.first = first
        self.window = window
        self.values = [value]
        self.chunk = MIN_CHUNK
        self.size = _ENTRY_BYTES


class RowReader:
    """The natives of one template, at row `row` of the current window.

    Set `row` before each event. Not thread-safe.
    """

    def __init__(
        self,
        catalog: Catalog = CATALOG,
        *,
        dataset: str | None = None,
        instance_id: str | None = None,
        max_bytes: int = MAX_BYTES,
        references: Mapping[str, EventsByIndex] = MappingProxyType({}),
    ) -> None:
        """`references` are the streams that can be referred to, by name."""
        self.row = 0
        self.references = references
        self._dataset = dataset
        self._instance_id = instance_id
        self._max_bytes = max_bytes
        self._names = catalog.names()
        self._natives = {name: _native(self, catalog.get(name)) for name in self._names}
        self._entries: dict[_ReadKey, _CachedValues] = {}
        self._bytes = 0
        self._window = 0
        self._first = 0
        self._scheduled: NDArray[np.int64] = np.zeros(1, dtype=np.int64)

    def find(self, name: str) -> RowFunction | None:
        """See `eventer.jsonnet.natives.Natives`."""
        return self._natives.get(name)

    def names(self) -> Sequence[str]:
        """See `eventer.jsonnet.natives.Natives`."""
        return self._names

    def window(self, first: int, scheduled: NDArray[np.int64]) -> None:
        """Starts a window: row i is event first + i, due at scheduled[i]; `row` is 0."""
        self._first = first
        self._scheduled = scheduled
        self._window += 1
        self.row = 0
        if self._bytes > self._max_bytes // 2:
            self._evict()

    @property
    def nbytes(self) -> int:
        """The estimated memory in bytes."""
        return self._bytes

    def read(
        self, read_key: _ReadKey, source: FunctionSpec | FieldSpec, arguments: Sequence[JsonValue]
    ) -> JsonValue:
        """The value in the current row; `read_key` is (source, draw key, arguments).

        Raises:
            EvaluationError: an argument is invalid.
        """
        entry = self._entries.get(read_key)
        if entry is None:
            return self._read_first(read_key, bound_call(source, arguments))
        at = self.row - entry.first
        if entry.window == self._window and 0 <= at < len(entry.values):
            return entry.values[at]
        return self._read_again(read_key[1], entry)

    def _read_first(self, key: _ReadKey, call: BoundCall) -> JsonValue:
        value = call.row(key[1], self.context())
        if self._bytes + _ENTRY_BYTES <= self._max_bytes:
            self._entries[key] = _CachedValues(call, self.row, self._window, value)
            self._bytes += _ENTRY_BYTES
        return value

    def _read_again(self, key: int, entry: _CachedValues) -> JsonValue:
        if entry.window != self._window:
            entry.chunk = MIN_CHUNK
        values = self._chunk(key, entry)
        if values is None:
            return entry.call.row(key, self.context())
        self._bytes -= entry.size
        entry.values, entry.first, entry.window = values, self.row, self._window
        entry.size = _size(values)
        self._bytes += entry.size
        if entry.size < _MAX_GROWING_BYTES:
            entry.chunk = min(2 * entry.chunk, MAX_CHUNK)
        return values[0]

    def _chunk(self, key: int, entry: _CachedValues) -> list[JsonValue] | None:
        """The values from the current row on; None if they take too much memory or a row raises."""
        rows = slice(self.row, self.row + entry.chunk)
        scheduled = self._scheduled[rows]
        if self._bytes + len(scheduled) * _VALUE_BYTES > self._max_bytes:
            return None
        first = self._first + self.row
        index = np.arange(first, first + len(scheduled), dtype=np.int64)
        context = BatchContext(index, scheduled, self._dataset, self._instance_id)
        try:
            return entry.call.column(key, context).to_list()
        except EvaluationError:
            return None

    def context(self) -> RowContext:
        """The current row."""
        due = int(self._scheduled[self.row])
        return RowContext(self._first + self.row, due, self._dataset, self._instance_id)

    def referring_context(self, function: str, events: EventsByIndex) -> RowContext:
        """The current row for a function that refers to events."""
        del function, events
        return self.context()

    def _evict(self) -> None:
        """Drops values that the previous window did not read."""
        last = self._window - 1
        self._entries = {key: e for key, e in self._entries.items() if e.window == last}
        self._bytes = sum(entry.size for entry in self._entries.values())
        if self._bytes > self._max_bytes // 2:
            self._entries.clear()
            self._bytes = 0


def _size(values: list[JsonValue]) -> int:
    """The estimated memory of an entry; all texts count like the first."""
    if isinstance(values[0], list):
        return _ENTRY_BYTES + sum(map(_list_size, values))
    text = len(values[0]) if isinstance(values[0], str) else 0
    return _ENTRY_BYTES + len(values) * (_VALUE_BYTES + text)


def _list_size(value: JsonValue) -> int:
    """The estimated memory of an array, whose elements are alike."""
    if not isinstance(value, list) or not value:
        return _VALUE_BYTES
    fields = len(value[0]) if isinstance(value[0], dict) else 0
    return _VALUE_BYTES * (1 + len(value) * (1 + 2 * fields))


def _is_plain(arguments: Sequence[JsonValue]) -> bool:
    return _PLAIN.issuperset(map(type, arguments))


def bound_call(source: FunctionSpec | FieldSpec, arguments: Sequence[JsonValue]) -> BoundCall:
    """The call of a function, or of a field of an object that a function returned."""
    return source if isinstance(source, FieldSpec) else _bound_call(source, arguments)


def _bound_call(spec: FunctionSpec, arguments: Sequence[JsonValue]) -> BoundCall:
    return _cached_call(spec, tuple(arguments)) if _is_plain(arguments) else spec.call(arguments)


@lru_cache(maxsize=_MAX_CACHED_CALLS)
def _cached_call(spec: FunctionSpec, arguments: tuple[JsonValue, ...]) -> BoundCall:
    """The call with plain arguments, parsed once for all draw keys."""
    return spec.call(arguments)


def _native(reader: RowReader, spec: FunctionSpec) -> RowFunction:
    if spec.picks is not None:
        return ReferenceFunction(reader, spec)
    kind = RowObjectFunction if spec.return_type is ReturnType.OBJECT else RowFunction
    return kind(reader, spec)


class RowFunction:
    """`eventer.jsonnet.natives.Native` of one function."""

    __slots__ = ("_reader", "_spec", "name", "params")

    def __init__(self, reader: RowReader, spec: FunctionSpec) -> None:
        self._reader = reader
        self._spec = spec
        self.name = spec.name
        self.params = tuple((p.name, p.optional) for p in spec.parameters)

    def call(self, arguments: Sequence[JsonValue], key: int) -> JsonValue | RowObject:
        """See `eventer.jsonnet.natives.Native.call`."""
        spec = self._spec
        plain = _is_plain(arguments)
        read_key = (spec, key, *arguments) if plain else (spec, key, repr(arguments))
        return self._reader.read(read_key, spec, arguments)


class RowObjectFunction(RowFunction):
    """A function that returns an object, whose fields are read one by one."""

    __slots__ = ()

    def call(self, arguments: Sequence[JsonValue], key: int) -> JsonValue | RowObject:
        """See `eventer.jsonnet.natives.Native.call`."""
        call = _bound_call(self._spec, arguments)
        assert isinstance(call, ObjectCall), f"{self.name} returns no object"
        return RowObject(self._reader, call.fields, key)


class ReferenceFunction(RowFunction):
    """A function that returns an event of another stream."""

    __slots__ = ()

    def call(self, arguments: Sequence[JsonValue], key: int) -> Any:
        """See `eventer.jsonnet.natives.Native.call`."""
        spec, name = self._spec, arguments[0] if arguments else None
        events = self._reader.references.get(name) if isinstance(name, str) else None
        if events is None:
            spec.call(arguments)  # raises if the arguments are wrong
            raise unknown_stream(spec.name, name)
        assert spec.picks is not None
        row = self._reader.referring_context(spec.name, events)
        if (size := events.count(row)) == 0:
            return None
        if size is not None:
            arguments = [*spec.complete(arguments), float(size)]  # type: ignore[list-item]  # no columns
        index = RowFunction(self._reader, spec.picks(events.population)).call(arguments, key)
        return events.event(int(index), row)  # type: ignore[arg-type]  # an integer


def unknown_stream(function: str, name: JsonValue) -> EvaluationError:
    """The error of a name that no call of the template has as a constant."""
    return EvaluationError(
        f"{function}: there is no event {args.shown(name)} to refer to",
        hint=f"write the name in a call of {function}, where it is found before the first event",
    )


class RowObject:
    """`eventer.jsonnet.natives.NativeObject`; read it only during its event."""

    __slots__ = ("_fields", "_key", "_reader")

    def __init__(self, reader: RowReader, fields: Mapping[str, FieldSpec], key: int) -> None:
        self._reader = reader
        self._fields = fields
        self._key = key

    def names(self) -> Sequence[str]:
        """See `NativeObject.names`."""
        return field_names(self._fields)

    def hidden_names(self) -> Sequence[str]:
        """See `NativeObject.hidden_names`."""
        return field_names(self._fields, hidden=True)

    def get(self, name: str) -> JsonValue:
        """See `NativeObject.get`."""
        field = self._fields[name]
        return self._reader.read((field, self._key), field, ())
