"""The records of tables: their columns, with keys, references and checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eventer.destinations.postgres.described_table import ForeignKey, TableDescription
from eventer.destinations.postgres.identifiers import TableName, quote
from eventer.scaffold.record import (
    Delay,
    EarlierEvent,
    EventReference,
    Field,
    FieldType,
    KeySequence,
    NullOnly,
    Record,
    ScheduledTime,
)
from eventer.scaffold.table_checks import apply_checks
from eventer.scaffold.table_fields import column_field
from eventer.scaffold.time_order import with_time_order

_SUFFIX = re.compile(r"(?i)[_ ]?(id|code|key|no|uuid)$")
_NUMBERS = (FieldType.INTEGER, FieldType.NUMBER)


@dataclass(frozen=True, slots=True)
class TableRecord:
    """The record of a table, and the name of the table as in a request."""

    record: Record
    table: str


def table_records(
    tables: Sequence[TableDescription], *, keep_values: bool = False
) -> list[TableRecord]:
    """The records of tables, each after those that it refers to."""
    names = _record_names([table.name for table in tables])
    order, dropped = _dependency_order(tables)
    makers = {
        table.name: _TableRecord(table, names, dropped, keep_values=keep_values) for table in tables
    }
    return [TableRecord(makers[name].record(), _requested(name)) for name in order]


def _record_names(tables: Sequence[TableName]) -> dict[TableName, str]:
    """The names of tables without their schemas, unless two are the same."""
    plain = [_safe(table.name) for table in tables]
    return {
        table: name if plain.count(name) == 1 else _safe(f"{table.schema}_{table.name}")
        for table, name in zip(tables, plain, strict=True)
    }


def _safe(name: str) -> str:
    return re.sub(r"[^\w-]", "_", name)


def _dependency_order(
    tables: Sequence[TableDescription],
) -> tuple[list[TableName], set[tuple[TableName, ForeignKey]]]:
    """The tables, each after those that it refers to; and the references that close circles."""
    by_name = {table.name: table for table in tables}
    order: list[TableName] = []
    dropped: set[tuple[TableName, ForeignKey]] = set()

    def visit(table: TableDescription, above: tuple[TableName, ...]) -> None:
        for key in sorted(table.foreign_keys, key=lambda each: _is_optional(table, each)):
            if key.table in (*above, table.name):
                dropped.add((table.name, key))
            elif key.table in by_name and key.table not in order:
                visit(by_name[key.table], (*above, table.name))
        if table.name not in order:
            order.append(table.name)

    for table in tables:
        if table.name not in order:
            visit(table, ())
    return order, dropped


def _is_optional(table: TableDescription, key: ForeignKey) -> bool:
    return any(c.name in key.columns and not c.required for c in table.columns)


class _TableRecord:
    """Makes the record of a table. `dropped` are references that would close circles."""

    def __init__(
        self,
        table: TableDescription,
        names: Mapping[TableName, str],
        dropped: set[tuple[TableName, ForeignKey]],
        *,
        keep_values: bool,
    ) -> None:
        self._table = table
        self._names = names
        self._dropped = dropped
        self._keep_values = keep_values
        self._notes: list[str] = []
        self._fields: dict[str, Field] = {}

    def record(self) -> Record:
        """The record."""
        table = self._table
        self._fields = {field.name: field for field in self._columns()}
        with_time_order(self._fields, table.sample)
        self._notes += apply_checks(self._fields, table)
        for key in table.foreign_keys:
            self._refer(key)
        for unique in table.unique_keys:
            self._make_unique(unique)
        fields = tuple(map(self._after_distinct, self._fields.values()))
        primary = table.primary_key if set(table.primary_key) <= self._fields.keys() else ()
        source = f"table {_plain(table.name)}, {table.rows:,} rows"
        name = self._names[table.name]
        return Record(name, source, fields, primary, table.rows, tuple(self._notes))

    def _columns(self) -> Iterator[Field]:
        for column in self._table.columns:
            if column.generated:
                continue
            field = column_field(
                column, self._table.sample[column.name], keep_values=self._keep_values
            )
            if field is not None:
                yield field
            elif column.required and not column.has_default:
                note = f"Type {column.type} has no known values: write an expression."
                yield Field(column.name, FieldType.ANY, NullOnly(), notes=(note,))
            else:
                self._notes.append(f"Column {column.name} ({column.type}) is left out.")

    def _refer(self, key: ForeignKey) -> None:
        """Makes columns those of an event of the other table, unless another reference did."""
        if any(name not in self._fields for name in key.columns):
            return
        if any(isinstance(self._fields[name].domain, EventReference) for name in key.columns):
            target = _plain(key.table)
            note = f"Foreign key ({', '.join(key.columns)}) to {target} is not followed."
            self._notes.append(note)
        elif (self._table.name, key) in self._dropped:
            self._refer_in_circle(key)
        else:
            record = self._names.get(key.table) or _safe(key.table.name)
            local = _local_name(key, record)
            share = max(self._fields[name].null_share for name in key.columns)
            for name, referenced in zip(key.columns, key.referenced, strict=True):
                domain = EventReference(record, referenced, local)
                field = self._fields[name]
                self._fields[name] = replace(
                    field, domain=domain, null_share=share if len(key.columns) == 1 else 0.0
                )

    def _refer_in_circle(self, key: ForeignKey) -> None:
        """A reference to the own table, or one that closes a circle of tables."""
        optional = {c.name for c in self._table.columns if not c.required}
        start = self._start(key.referenced[0])
        itself = key.table == self._table.name and self._is_number_key(key.referenced)
        for name in key.columns:
            field = self._fields[name]
            if itself:
                domain = EarlierEvent(start, or_own=name not in optional)
                self._fields[name] = replace(field, domain=domain)
            elif name in optional:
                note = f"Null: {_plain(key.table)} refers to this table."
                self._fields[name] = replace(field, domain=NullOnly(), notes=(note,))
            else:
                note = f"Refers to {_plain(key.table)}, which refers to this table: edit it."
                self._fields[name] = replace(field, notes=(note,))

    def _is_number_key(self, columns: tuple[str, ...]) -> bool:
        field = self._fields.get(columns[0])
        integer = field is not None and field.type is FieldType.INTEGER
        return integer and len(columns) == 1 and columns in self._table.unique_keys

    def _start(self, column: str) -> int:
        """The first value of a key: after those of the table."""
        return self._table.largest.get(column, 0) + 1

    def _make_unique(self, columns: tuple[str, ...]) -> None:
        """Makes one of the columns of a unique key different in all events."""
        fields = [self._fields[name] for name in columns if name in self._fields]
        if len(fields) < len(columns) or any(_is_distinct(field) for field in fields):
            return
        if len(columns) > 1 and columns == self._table.primary_key:
            return  # rows are upserted by it
        for field in sorted(fields, key=_uniqueness_order):
            made = self._distinct(field)
            if made is not None:
                self._fields[field.name] = made
                return
        self._notes.append(f"Unique key ({', '.join(columns)}): two events may have the same.")

    def _distinct(self, field: Field) -> Field | None:
        if isinstance(field.domain, EventReference | EarlierEvent):
            return None
        if field.type in _NUMBERS:
            return replace(field, domain=KeySequence(self._start(field.name)), null_share=0.0)
        if field.type in (FieldType.TIMESTAMP, FieldType.DATE):
            return replace(field, domain=ScheduledTime(distinct=True))
        return replace(field, unique=True) if field.type is FieldType.TEXT else None

    def _after_distinct(self, field: Field) -> Field:
        """A delay after a time with microseconds is not zero."""
        domain = field.domain
        if isinstance(domain, Delay) and _is_distinct(self._fields[domain.after]):
            step = domain.step
            domain = replace(domain, least=max(domain.least, step), most=max(domain.most, step))
            return replace(field, domain=domain)
        return field


def _local_name(key: ForeignKey, record: str) -> str:
    """The local of a reference: `language` for the column `language_id`."""
    if len(key.columns) > 1:
        return record
    return _SUFFIX.sub("", key.columns[0]) or record


def _is_distinct(field: Field) -> bool:
    domain = field.domain
    distinct_time = isinstance(domain, ScheduledTime) and domain.distinct
    return (
        distinct_time
        or field.unique
        or isinstance(domain, KeySequence)
        or (field.type is FieldType.UUID and domain is None)
    )


def _uniqueness_order(field: Field) -> int:
    order = (FieldType.TIMESTAMP, FieldType.INTEGER, FieldType.TEXT, FieldType.NUMBER)
    return order.index(field.type) if field.type in order else len(order)


def _plain(name: TableName) -> str:
    return name.name if name.schema in (None, "public") else f"{name.schema}.{name.name}"


def _requested(name: TableName) -> str:
    """A name as in a request, where a dot separates the schema from the table."""
    parts = [name.name] if name.schema in (None, "public") else [name.schema or "", name.name]
    return ".".join(quote(part) if "." in part or '"' in part else part for part in parts)
