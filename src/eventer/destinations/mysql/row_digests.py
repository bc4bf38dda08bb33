"""Digests of rows: an event and the row that it wrote have equal digests. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from eventer.core.model import Column, ColumnType, JsonValue
from eventer.destinations.audit import FindingPlace
from eventer.destinations.comparison import DELETED, KeyedDigests
from eventer.destinations.mysql.identifiers import quote
from eventer.destinations.mysql.row_encoding import RowOperation
from eventer.destinations.mysql.table_columns import Table, TableMapping

_INTEGERS: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_TEXTS: Final = frozenset({"varchar", "tinytext", "text", "mediumtext", "longtext"})
_EXACT: Final[Mapping[ColumnType, frozenset[str]]] = {
    ColumnType.BIGINT: _INTEGERS,
    ColumnType.DOUBLE: frozenset({"double"}) | _INTEGERS,
    ColumnType.BOOLEAN: frozenset({"tinyint"}),
    ColumnType.TEXT: _TEXTS,
    ColumnType.TIMESTAMPTZ: frozenset({"datetime(6)", "timestamp(6)"}),
    ColumnType.JSONB: _TEXTS | {"json"},
}
"""The types of columns that store values of a field unchanged."""


def comparable_columns(
    fields: Sequence[Column], table: Table | None
) -> tuple[tuple[Column, ...], list[str]]:
    """The fields whose columns store values unchanged, and a sentence about each other one."""
    if table is None:
        return tuple(fields), []
    columns = {column.name.casefold(): column for column in table.columns}
    compared, notes = list[Column](), list[str]()
    for field in fields:
        column = columns[field.name.casefold()]
        if {column.type, column.full_type} & _EXACT[field.type]:
            compared.append(field)
        else:
            name = quote(column.name)
            notes.append(f"column {name} is not compared: {column.full_type} may change its values")
    return tuple(compared), notes


class RowDigester:
    """Makes digests of the compared columns, and of the key among them.

    Without a key, the key is the content.
    """

    def __init__(self, columns: Sequence[Column], key: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._key = tuple(key)
        self._forms = [_FORMS[column.type] for column in self.columns]
        self._key_at = [at for at, column in enumerate(self.columns) if column.name in self._key]

    def rows(self, rows: Sequence[Sequence[Any]], first: int) -> KeyedDigests:
        """The digests of rows of the compared columns, which are numbered from `first` on."""
        forms = [self._form(row) for row in rows]
        return self._digests(forms, range(first, first + len(rows)))

    def events(self, mapping: TableMapping, operations: Sequence[RowOperation]) -> KeyedDigests:
        """The digests of events, whose numbers are their indices."""
        forms = [self._form(self._values(mapping, each)) for each in operations]
        digests = self._digests(forms, [each.index for each in operations])
        deleting = [each.index for each in operations if each.deletes]
        return digests.with_deletes(np.array(deleting, np.int64)) if deleting else digests

    def place(self, row: Sequence[Any]) -> FindingPlace:
        """Where a row is: its key, or the row itself in a table without a key."""
        values = {
            column.name: _shown(value) for column, value in zip(self.columns, row, strict=True)
        }
        if not self._key:
            return {"row": values}
        return {"key": {name: values.get(name) for name in self._key}}

    def key_values(self, mapping: TableMapping, operation: RowOperation) -> dict[str, JsonValue]:
        """The values of the key of an event."""
        values = _named(mapping, operation)
        return {name: _shown(values.get(name)) for name in self._key}

    def _values(self, mapping: TableMapping, operation: RowOperation) -> list[Any]:
        values = _named(mapping, operation)
        return [values.get(column.name) for column in self.columns]

    def _form(self, row: Iterable[Any]) -> list[bytes]:
        pairs = zip(self._forms, row, strict=True)
        return [b"\0" if value is None else b"\1" + form(value) for form, value in pairs]

    def _digests(self, forms: Sequence[Sequence[bytes]], numbers: Iterable[int]) -> KeyedDigests:
        content = np.array([_digest(form) for form in forms], np.uint64)
        key = content
        if self._key:
            parts = ([form[at] for at in self._key_at] for form in forms)
            key = np.array([_digest(part) for part in parts], np.uint64)
        return KeyedDigests(key, content, np.array(list(numbers), np.int64))


def _named(mapping: TableMapping, operation: RowOperation) -> dict[str, Any]:
    names = [
        column.name
        for column in mapping.columns
        if not operation.deletes or column.name in mapping.key
    ]
    return dict(zip(names, operation.values, strict=True))


def _digest(parts: Iterable[bytes]) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return int.from_bytes(digest.digest(), "little") or int(DELETED) + 1


def _json_form(text: str) -> bytes:
    value = json.loads(text, parse_int=float)
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _instant_form(value: datetime) -> bytes:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f").encode()


_FORMS: Final[Mapping[ColumnType, Callable[[Any], bytes]]] = {
    ColumnType.BIGINT: lambda value: b"%d" % value,
    ColumnType.DOUBLE: lambda value: repr(float(value) + 0.0).encode(),
    ColumnType.BOOLEAN: lambda value: b"%d" % bool(value),
    ColumnType.TEXT: lambda value: value.encode(),
    ColumnType.TIMESTAMPTZ: _instant_form,
    ColumnType.JSONB: _json_form,
}


def _shown(value: Any) -> JsonValue:
    return value.isoformat() if isinstance(value, datetime) else value
