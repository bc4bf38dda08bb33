"""Reads, creates and extends tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import pymysql

from eventer.destinations.base import Flow
from eventer.destinations.mysql.errors import is_creation_race
from eventer.destinations.mysql.identifiers import TableName, parse_table
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.table_columns import (
    Table,
    TableColumn,
    TableMapping,
    add_columns_statement,
    create_statement,
    map_table,
    missing_columns,
    new_table,
    table_fields,
)
from eventer.destinations.mysql.target import MysqlTarget

_TABLE: Final = (
    "SELECT table_type, engine FROM information_schema.tables "
    "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
)
_COLUMNS: Final = (
    "SELECT column_name, data_type, column_type, is_nullable, column_default, extra "
    "FROM information_schema.columns "
    "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s ORDER BY ordinal_position"
)
_KEYS: Final = (
    "SELECT index_name, column_name, sub_part FROM information_schema.statistics "
    "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s AND non_unique = 0 "
    "ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index"
)
_ATTEMPTS: Final = 3


def target_of(flow: Flow) -> MysqlTarget:
    """The target of a flow."""
    assert isinstance(flow.target, MysqlTarget)
    return flow.target


def read_table(session: Session, name: TableName) -> Table | None:
    """The table, or None if it does not exist. Blocks."""
    where = (name.database, name.name)
    if not (found := session.fetch(_TABLE, where)):
        return None
    columns = tuple(_column(row) for row in session.fetch(_COLUMNS, where))
    keys: dict[str, list[str]] = {}
    for index, column, prefix in session.fetch(_KEYS, where):
        # An index of a prefix or an expression is the key of no column.
        keys.setdefault(index, []).append(column if column and prefix is None else "")
    kind, engine = found[0]
    names = tuple(tuple(each) for each in keys.values())
    return Table(name, columns, names, "PRIMARY" in keys, engine or "", kind == "BASE TABLE")


def _column(row: Sequence[Any]) -> TableColumn:
    name, kind, full, nullable, default, extra = row
    text = full.decode() if isinstance(full, bytes) else str(full)
    generated = "GENERATED" in extra.upper() and "DEFAULT_GENERATED" not in extra.upper()
    required = nullable == "NO" and default is None and "auto_increment" not in extra.lower()
    return TableColumn(name, kind.lower(), text, required, generated)


def predict_mapping(session: Session, flow: Flow, found: Collection[str] = ()) -> TableMapping:
    """The mapping that `prepare_table` would make. Creates nothing. Blocks.

    Raises:
        DestinationRejectedError: the table does not accept the flow.
    """
    target = target_of(flow)
    name, fields = parse_table(target.table), table_fields(flow.shape, target, found)
    table = read_table(session, name) or new_table(name, fields, target)
    mapping = map_table(fields, target, table, complete=not flow.shape.open)
    return replace(mapping, check_objects=flow.shape.is_object is not True)


def prepare_table(session: Session, flow: Flow, found: Collection[str] = ()) -> TableMapping:
    """Creates the table of a flow or its missing columns; returns the mapping. Blocks.

    Raises:
        DestinationRejectedError: the table does not accept the flow.
    """
    target = target_of(flow)
    name, fields = parse_table(target.table), table_fields(flow.shape, target, found)
    for attempt in range(_ATTEMPTS):
        mapping = predict_mapping(session, flow, found)
        table = read_table(session, name)
        if table is None:
            statement = create_statement(new_table(name, fields, target), _collation(session))
        elif missing := missing_columns(fields, table):
            statement = add_columns_statement(table, missing)
        else:
            return mapping
        try:
            session.execute(statement)
        except pymysql.MySQLError as error:
            if not is_creation_race(error) or attempt == _ATTEMPTS - 1:
                raise
    return predict_mapping(session, flow, found)


def _collation(session: Session) -> str:
    """Texts are equal only if all their characters are, also those at the end."""
    return "utf8mb4_nopad_bin" if session.is_mariadb else "utf8mb4_0900_bin"
