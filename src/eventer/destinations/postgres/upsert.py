"""The statements between a copy and a table: staging tables, and insertions out of them.

Flows of one layout share a staging table, each row carrying the number of its flow: every
commit empties every staging table of its session, which costs a fifth of a millisecond for each.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from eventer.destinations.postgres.fit import TablePlan
from eventer.destinations.postgres.names import quote

STAGE_SCHEMA: Final = "pg_temp"

Layout: TypeAlias = tuple[str, ...]
"""The columns of a staging table, as SQL."""


def layout_of(plan: TablePlan) -> Layout:
    """What a plan's rows need: field names never get into it."""
    values = tuple(f"c{i} {column.staged}" for i, column in enumerate(plan.columns))
    return (*values, *(("n integer",) if plan.numbered else ()), "flow integer")


def stage_name(stage: int) -> str:
    """The staging table of that number."""
    return f"eventer_stage_{stage}"


def create_stage(layout: Layout, stage: int) -> str:
    """Makes a staging table for the session."""
    return f"CREATE TEMP TABLE {stage_name(stage)} ({', '.join(layout)}) ON COMMIT DELETE ROWS"


def drop_stage(stage: int) -> str:
    """Forgets a staging table that no insertion reads any more."""
    return f"DROP TABLE {STAGE_SCHEMA}.{stage_name(stage)}"


def insert_name(flow: int) -> str:
    """The prepared insertion of the session's flow of that number."""
    return f"eventer_insert_{flow}"


def prepare_insert(plan: TablePlan, stage: int, flow: int) -> str:
    """Parses the insertion once for a session."""
    return f"PREPARE {insert_name(flow)} AS {insert(plan, stage, flow)}"


def run_insert(flow: int) -> str:
    """Moves what is staged of the flow into its table."""
    return f"EXECUTE {insert_name(flow)}"


def drop_insert(flow: int) -> str:
    """Forgets the insertion."""
    return f"DEALLOCATE {insert_name(flow)}"


def insert(plan: TablePlan, stage: int, flow: int) -> str:
    """Moves what is staged into the table: appended, or the last row of each key upserted.

    OVERRIDING SYSTEM VALUE: a value of the event goes before one that the table would count up.
    """
    names = ", ".join(quote(column.name) for column in plan.columns)
    return (
        f"INSERT INTO {plan.table} ({names}) OVERRIDING SYSTEM VALUE "
        f"{_select(plan, stage, flow)}{_on_conflict(plan)}"
    )


def _select(plan: TablePlan, stage: int, flow: int) -> str:
    source = f"FROM {STAGE_SCHEMA}.{stage_name(stage)} WHERE flow = {flow}"
    values = ", ".join(column.select(f"c{i}") for i, column in enumerate(plan.columns))
    if not plan.numbered:
        return f"SELECT {values} {source}"
    # Only the server knows which values the key's columns hold for equal: the last one copied wins.
    compared = {column.name: column.compared(f"c{i}") for i, column in enumerate(plan.columns)}
    key = ", ".join(compared[name] for name in plan.key)
    return f"SELECT DISTINCT ON ({key}) {values} {source} ORDER BY {key}, n DESC"


def _on_conflict(plan: TablePlan) -> str:
    if not plan.key:
        return ""
    key = ", ".join(map(quote, plan.key))
    rest = [quote(column.name) for column in plan.columns if column.name not in plan.key]
    action = "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in rest)
    return f" ON CONFLICT ({key}) DO {action if rest else 'NOTHING'}"
