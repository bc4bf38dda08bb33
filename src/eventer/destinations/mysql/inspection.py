"""Tests a connection: the login, the rights on Eventer's own tables, the sizes of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from eventer.destinations.inspection import ConnectionReport, TargetSize
from eventer.destinations.mysql.errors import translate_errors
from eventer.destinations.mysql.identifiers import parse_table
from eventer.destinations.mysql.position import ensure_tables
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.settings import MysqlSettings

_SIZE: Final = (
    "SELECT table_rows, data_length + index_length FROM information_schema.tables "
    "WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
)


async def inspect_database(settings: MysqlSettings, tables: Sequence[str]) -> ConnectionReport:
    """Connects, creates Eventer's own tables if they are missing, and reads the sizes of tables.

    Raises:
        DestinationUnavailableError: the server is not reachable.
        DestinationRejectedError: it rejects the login, or rights are missing.
    """
    session = Session(settings)
    try:
        with translate_errors(settings.address):
            return await session.run(lambda: _inspect(session, tables))
    finally:
        await session.close()


def _inspect(session: Session, tables: Sequence[str]) -> ConnectionReport:
    session.connect()
    ensure_tables(session)
    sizes = _sizes(session, tables)
    return ConnectionReport(session.server_name, "exactly-once", None, sizes)


def _sizes(session: Session, tables: Sequence[str]) -> Mapping[str, TargetSize]:
    sizes = {}
    for table in tables:
        name = parse_table(table)
        for rows, size in session.fetch(_SIZE, (name.database, name.name)):
            sizes[table] = TargetSize(rows, None if size is None else int(size))
    return sizes
