"""Typed columns of the fields of steps, without their texts being read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import FieldReader
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType, JsonValue
from eventer.plan.json_fields import CONVERSIONS, JsonFields

FieldRequest: TypeAlias = tuple[str, ColumnType, bool]
"""The pointer and the type of a field, and whether it is one of the written part."""


class FieldColumns(Protocol):
    """Columns of the fields of steps: a value per step."""

    def column(self, request: FieldRequest) -> pa.Array | None:
        """See `eventer.core.batch.FieldReader.column`; None if it is unknown or rejects a value."""

    def names(self, *, written: bool) -> frozenset[str] | None:
        """See `eventer.core.batch.FieldReader.names`; None if they are unknown."""


@dataclass(frozen=True, slots=True)
class ReaderColumns:
    """The fields of whole events, and those of what is written of them."""

    whole: FieldReader
    written: FieldReader

    def column(self, request: FieldRequest) -> pa.Array | None:
        """See `FieldColumns.column`."""
        pointer, kind, written = request
        try:
            return (self.written if written else self.whole).column(pointer, kind)
        except DestinationRejectedError:
            return None

    def names(self, *, written: bool) -> frozenset[str]:
        """See `FieldColumns.names`."""
        return (self.written if written else self.whole).names()


@dataclass(frozen=True, slots=True, eq=False)
class TakenColumns:
    """The columns of the steps at these places."""

    columns: FieldColumns
    places: NDArray[np.int64]

    def column(self, request: FieldRequest) -> pa.Array | None:
        """See `FieldColumns.column`; a value of another step may be rejected, too."""
        column = self.columns.column(request)
        return None if column is None else column.take(pa.array(self.places))

    def names(self, *, written: bool) -> frozenset[str] | None:
        """See `FieldColumns.names`."""
        return self.columns.names(written=written)


@dataclass(frozen=True, slots=True)
class JoinedColumns:
    """The columns of several parts, one after the other."""

    parts: Sequence[FieldColumns]

    def column(self, request: FieldRequest) -> pa.Array | None:
        """See `FieldColumns.column`."""
        columns = [part.column(request) for part in self.parts]
        return None if any(column is None for column in columns) else pa.concat_arrays(columns)

    def names(self, *, written: bool) -> frozenset[str] | None:
        """See `FieldColumns.names`."""
        found = [part.names(written=written) for part in self.parts]
        known = [names for names in found if names is not None]
        return frozenset[str]().union(*known) if len(known) == len(found) else None


class CachedColumns:
    """Each column of others, read once; `hold` releases the others, which may take much memory."""

    def __init__(self, columns: FieldColumns | None) -> None:
        self._columns = columns
        self._read: dict[FieldRequest, pa.Array | None] = {}
        self._names: dict[bool, frozenset[str] | None] = {}

    @property
    def requested(self) -> frozenset[FieldRequest]:
        """The columns that were read."""
        return frozenset(self._read)

    def column(self, request: FieldRequest) -> pa.Array | None:
        """See `FieldColumns.column`."""
        columns = self._columns
        if request not in self._read and columns is not None:
            self._read[request] = columns.column(request)
        return self._read.get(request)

    def names(self, *, written: bool) -> frozenset[str] | None:
        """See `FieldColumns.names`."""
        columns = self._columns
        if written not in self._names and columns is not None:
            self._names[written] = columns.names(written=written)
        return self._names.get(written)

    def hold(self, requests: Iterable[FieldRequest]) -> None:
        """Reads these columns; from then on, no others are known."""
        for request in requests:
            self.column(request)
            self.names(written=request[2])
        self._columns = None

    def taken(self, requests: Iterable[FieldRequest], places: NDArray[np.int64]) -> CachedColumns:
        """These columns of some steps alone."""
        found = CachedColumns(None)
        rows = pa.array(places)
        for request in requests:
            column = self.column(request)
            found._read[request] = None if column is None else column.take(rows)
            found._names[request[2]] = self.names(written=request[2])
        return found


@dataclass(frozen=True, slots=True)
class NullFields:
    """The fields of `rows` values that are null."""

    rows: int

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        del pointer
        return pa.nulls(self.rows, CONVERSIONS[kind][1])

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return frozenset()


class TextFields:
    """Fields that are read from JSON texts; a text that is not JSON has none."""

    def __init__(self, texts: pa.LargeBinaryArray, index: NDArray[np.int64]) -> None:
        self._texts = texts
        self._index = index

    @cached_property
    def _fields(self) -> JsonFields:
        return JsonFields(list(map(_value, self._texts.to_pylist())), self._index)

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        """See `eventer.core.batch.FieldReader.column`."""
        return self._fields.column(pointer, kind)

    def names(self) -> frozenset[str]:
        """See `eventer.core.batch.FieldReader.names`."""
        return self._fields.names()


def _value(text: bytes | None) -> JsonValue:
    try:
        value: JsonValue = None if text is None else json.loads(text)
    except ValueError:
        return None
    return value
