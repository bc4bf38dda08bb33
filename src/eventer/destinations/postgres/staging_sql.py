"""The statements between a copy and a table: staging tables, and insertions out of them.

Flows of one layout share a staging table, each row carrying the number of its flow: every
commit empties every staging table of its session, which costs a fifth of a millisecond for each.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping

TEMP_SCHEMA: Final = "pg_temp"

StagingLayout: TypeAlias = tuple[str, ...]
"""The columns of a staging table, as SQL."""


def staging_layout(mapping: TableMapping) -> StagingLayout:
    """What a plan's rows need: field names never get into it."""
    values = tuple(f"c{i} {column.staging_type}" for i, column in enumerate(mapping.columns))
    return (*values, *(("n integer",) if mapping.has_row_numbers else ()), "flow integer")


def staging_name(number: int) -> str:
    """The staging table of that number."""
    return f"eventer_stage_{number}"


def create_staging_table(layout: StagingLayout, number: int) -> str:
    """Makes a staging table for the session."""
    return f"CREATE TEMP TABLE {staging_name(number)} ({', '.join(layout)}) ON COMMIT DELETE ROWS"


def drop_staging_table(number: int) -> str:
    """Forgets a staging table that no insertion reads any more."""
    return f"DROP TABLE {TEMP_SCHEMA}.{staging_name(number)}"


def prepared_insert_name(flow: int) -> str:
    """The prepared insertion of the session's flow of that number."""
    return f"eventer_insert_{flow}"


def prepare_insert_sql(mapping: TableMapping, number: int, flow: int) -> str:
    """Parses the insertion once for a session."""
    return f"PREPARE {prepared_insert_name(flow)} AS {insert_sql(mapping, number, flow)}"


def execute_insert_sql(flow: int) -> str:
    """Moves what is staged of the flow into its table."""
    return f"EXECUTE {prepared_insert_name(flow)}"


def deallocate_insert_sql(flow: int) -> str:
    """Forgets the insertion."""
    return f"DEALLOCATE {prepared_insert_name(flow)}"


def insert_sql(mapping: TableMapping, number: int, flow: int) -> str:
    """Moves what is staged into the table: appended, or the last row of each key upserted.

    OVERRIDING SYSTEM VALUE: a value of the event goes before one that the table would count up.
    """
    names = ", ".join(quote(column.name) for column in mapping.columns)
    return (
        f"INSERT INTO {mapping.table} ({names}) OVERRIDING SYSTEM VALUE "
        f"{_select(mapping, number, flow)}{_on_conflict(mapping)}"
    )


def _select(mapping: TableMapping, number: int, flow: int) -> str:
    source = f"FROM {TEMP_SCHEMA}.{staging_name(number)} WHERE flow = {flow}"
    values = ", ".join(column.select(f"c{i}") for i, column in enumerate(mapping.columns))
    if not mapping.has_row_numbers:
        return f"SELECT {values} {source}"
    # Only the server knows which values the key's columns hold for equal: the last one copied wins.
    compared = {column.name: column.compared(f"c{i}") for i, column in enumerate(mapping.columns)}
    key = ", ".join(compared[name] for name in mapping.key)
    return f"SELECT DISTINCT ON ({key}) {values} {source} ORDER BY {key}, n DESC"


def _on_conflict(mapping: TableMapping) -> str:
    if not mapping.key:
        return ""
    key = ", ".join(map(quote, mapping.key))
    rest = [quote(column.name) for column in mapping.columns if column.name not in mapping.key]
    action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f" ON CONFLICT ({key}) DO {action if rest else 'NOTHING'}"
