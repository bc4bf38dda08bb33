"""Writes rows within a transaction, and finds those that the server rejects.

A statement of several rows that fails has written none of them. So the halves of its rows are
written separately, until the rejected rows are alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pymysql

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.mysql.errors import ErrorCategory, classify_error, describe
from eventer.destinations.mysql.row_encoding import (
    RowOperation,
    statement_groups,
    statement_parts,
)
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.table_columns import TableMapping

_MAX_STATEMENT_BYTES: Final = 1 << 20
"""Unless a single row is larger. Servers accept 16 MiB by default."""


def write_rows(
    session: Session, mapping: TableMapping, operations: Sequence[RowOperation]
) -> list[DestinationRejectedError]:
    """Writes the rows in their order; returns the errors of those that the server rejects.

    Blocks.

    Raises:
        pymysql.MySQLError: the error concerns more than a row. Some rows may have been written.
    """
    rejected: list[DestinationRejectedError] = []
    for group in statement_groups(operations):
        _write_group(session, mapping, group, rejected)
    return rejected


def _write_group(
    session: Session,
    mapping: TableMapping,
    group: Sequence[RowOperation],
    rejected: list[DestinationRejectedError],
) -> None:
    try:
        _execute(session, mapping, group)
    except pymysql.MySQLError as error:
        if classify_error(error) is not ErrorCategory.ROW_REJECTED:
            raise
        if len(group) == 1:
            rejected.append(_rejection(mapping, group[0].index, error))
            return
        middle = len(group) // 2
        for half in (group[:middle], group[middle:]):
            _write_group(session, mapping, half, rejected)


def _execute(session: Session, mapping: TableMapping, group: Sequence[RowOperation]) -> None:
    """Executes a statement; several if their text would be too long."""
    begin, row, end = statement_parts(mapping, deletes=group[0].deletes)
    with session.client.cursor() as cursor:
        text = cursor.mogrify(
            ",".join([row] * len(group)),
            [value for each in group for value in each.values],
        )
        if len(text) > _MAX_STATEMENT_BYTES and len(group) > 1:
            middle = len(group) // 2
        else:
            cursor.execute(f"{begin}{text}{end}")
            return
    session.execute("SAVEPOINT eventer_group")
    try:
        for half in (group[:middle], group[middle:]):
            _execute(session, mapping, half)
    except pymysql.MySQLError as error:
        if classify_error(error) is ErrorCategory.ROW_REJECTED:
            session.execute("ROLLBACK TO SAVEPOINT eventer_group")
        raise


def _rejection(
    mapping: TableMapping, index: int, error: pymysql.MySQLError
) -> DestinationRejectedError:
    return DestinationRejectedError(
        f"{mapping.table} rejects event {index}: {describe(error)}", index=index
    )
