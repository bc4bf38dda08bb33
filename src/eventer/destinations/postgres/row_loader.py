"""Inserts rows of which the server rejects some, and finds those.

An error of COPY or INSERT names one row at best and undoes all rows. So the rows are copied into a
staging table with their numbers, and a block of PL/pgSQL inserts them range by range, each in a
subtransaction: a range that fails is halved until one row is left. This takes three round trips,
however many rows are rejected.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from string import Template
from typing import Final

import asyncpg
import numpy as np

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.column_mapping import ColumnMapping, alter_type_sql
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    concerns_row_sql,
    describe_parts,
)
from eventer.destinations.postgres.identifiers import dollar_quote, quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.row_encoding import NumberedRows
from eventer.destinations.postgres.sql import statement
from eventer.destinations.postgres.staging_tables import TEMP_SCHEMA, StagedRows

SAVEPOINT: Final = "SAVEPOINT flow"
ROLLBACK_TO_SAVEPOINT: Final = f"ROLLBACK TO {SAVEPOINT}"
_MAX_EXPLAINED: Final = 10
"""Rejected rows of a load whose column is searched for, as this costs more than the rejection."""
_FOREIGN_KEY_VIOLATION: Final = "23503"
_REFERENCED: Final = "update or delete on table"
_COPY_LINE: Final = re.compile(r"\bline (\d+)")
_RESULT_SQL: Final = "SELECT pg_catalog.current_setting('eventer.rejected')"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that the server rejects, and its error; `column` is the number of the column, if known.

    `row` is the number of the row in its `NumberedRows`.
    """

    row: int
    state: str
    message: str
    detail: str = ""
    hint: str = ""
    column: int | None = None

    def error(self, mapping: TableMapping, index: int) -> DestinationRejectedError:
        """The error that names the event of that index."""
        text = describe_parts(self.message, self.detail)
        if self.column is not None:
            return _column_error(mapping, mapping.columns[self.column], index, text)
        return DestinationRejectedError(
            f"{mapping.table} rejects event {index}: {text}", hint=self._hint, index=index
        )

    @property
    def _hint(self) -> str | None:
        if self.state == _FOREIGN_KEY_VIOLATION and not self.hint:
            referenced = self.message.startswith(_REFERENCED)
            what = "rows that refer to it are deleted" if referenced else "referenced row comes"
            return (
                f'if the {what} later, set "on_error": "retry" '
                "(run: --on-error retry) to wait for it"
            )
        return self.hint or None


def _column_error(
    mapping: TableMapping, column: ColumnMapping, index: int, text: str
) -> DestinationRejectedError:
    name = quote(column.name)
    return DestinationRejectedError(
        f"event {index}: {text}, for column {name} of {mapping.table}, which is {column.type}; "
        f"the template gives {column.kind.value}",
        hint=alter_type_sql(str(mapping.table), name, column.kind, column.type),
        index=index,
    )


async def load_rows(
    client: asyncpg.Connection,
    rows: NumberedRows,
    staging_table: str,
    *,
    group: int = 0,
    until_first: bool = False,
) -> list[RejectedRow]:
    """Inserts the rows in order, without those that the server rejects; returns these, in order.

    The open transaction has just set `SAVEPOINT`. The numbered `staging_table` is one of the
    mapping; `group` is unique in the transaction. All constraints are checked at once.
    `until_first` ends at the first rejected row.

    Raises:
        asyncpg.PostgresError: an error that concerns no row; undo the savepoint.
    """
    rejected = await _copy(client, rows, staging_table, group)
    count = rejected[0].row if rejected and until_first else len(rows)
    source = StagedRows(rows.mapping, staging_table, group)
    await client.execute(_load_sql(source, count, until_first=until_first))
    found = json.loads(await client.fetchval(_RESULT_SQL))
    if found and until_first:
        rejected = []
    return sorted([*rejected, *(RejectedRow(**each) for each in found)], key=lambda each: each.row)


async def _copy(
    client: asyncpg.Connection, rows: NumberedRows, staging_table: str, group: int
) -> list[RejectedRow]:
    """Copies the rows into the staging table, without those that it rejects; returns these."""
    rejected: list[RejectedRow] = []
    left = np.arange(len(rows), dtype=np.int64)
    while True:
        source = rows.stream(group, left).data
        try:
            await client.copy_to_table(
                staging_table, schema_name=TEMP_SCHEMA, source=source, format="binary"
            )
        except asyncpg.PostgresError as error:
            line = _COPY_LINE.search(error.context or "")
            if line is None or classify_error(error) is not ErrorCategory.REJECTED:
                raise
            await client.execute(ROLLBACK_TO_SAVEPOINT)
            at = int(line[1]) - 1
            rejected.append(_rejected_by_copy(int(left[at]), error))
            left = np.delete(left, at)
        else:
            return rejected


def _rejected_by_copy(row: int, error: asyncpg.PostgresError) -> RejectedRow:
    return RejectedRow(
        row, error.sqlstate or "", str(error.args[0]), error.detail or "", error.hint or ""
    )


def _load_sql(source: StagedRows, count: int, *, until_first: bool) -> str:
    block = Template(statement("load_rows")).substitute(
        count=count,
        first_step=max(1, count // 2),
        insertion=source.write_sql("n >= eventer_first AND n < eventer_end"),
        concerns_row=concerns_row_sql(row_security=source.mapping.row_security),
        max_explained=_MAX_EXPLAINED,
        find_column=_find_column(source),
        after_rejection="EXIT;" if until_first else "",
    )
    return f"DO {dollar_quote(block)}"


def _find_column(source: StagedRows) -> str:
    """Statements that set `eventer_column` if one column rejects its value of `eventer_first`.

    Each assigns the value to a variable of the column's type, which converts and checks it as an
    insertion does.
    """
    probes = []
    for number, column in enumerate(source.mapping.columns):
        value = f"(SELECT {column.select(f'c{number}')} {source.where('n = eventer_first')})"
        probes.append(
            f"IF eventer_column IS NULL THEN BEGIN "
            f"DECLARE eventer_value {column.type} := {value}; BEGIN NULL; END; "
            f"EXCEPTION WHEN OTHERS THEN eventer_column := {number}; END; END IF;"
        )
    return "\n          ".join(probes)
