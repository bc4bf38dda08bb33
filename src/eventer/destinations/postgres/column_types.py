"""The types that the columns of a table had when a generator first wrote to them.

A column that is retyped later still holds equal values, which an audit would not notice: the table
`eventer.column_types` has the former type. A column is identified by its table's oid and its
attnum, which survive ALTER TABLE.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.core.model import PositionKey
from eventer.destinations.postgres.identifiers import quote
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.position import key_columns
from eventer.destinations.postgres.sql import statement

_TABLE_EXISTS_SQL: Final = "SELECT to_regclass('eventer.column_types') IS NOT NULL"
_VARCHAR: Final = "character varying"


@dataclass(frozen=True, slots=True)
class ColumnTypes:
    """The types of the columns of a relation, by attnum."""

    relation: int
    types: Mapping[int, str]

    def changes(self, mapping: TableMapping) -> list[str]:
        """A sentence for each column that has another type now. A varchar may change its length."""
        if self.relation != mapping.oid:
            return []
        return [
            f"column {quote(column.name)} was {former} when the first events were delivered, "
            f"and is {column.type} now"
            for column in mapping.columns
            if (former := self.types.get(column.number)) is not None
            and _without_length(former) != _without_length(column.type)
        ]


def _without_length(column_type: str) -> str:
    return _VARCHAR if column_type.startswith(_VARCHAR) else column_type


class ColumnTypeWriter:
    """Records the types of columns once per session and mapping of a flow."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._written: dict[PositionKey, TableMapping] = {}
        self._enabled: bool | None = None

    async def write(self, mappings: Mapping[PositionKey, TableMapping]) -> None:
        """Writes the types that are not written yet, in the open transaction."""
        new = {key: m for key, m in mappings.items() if self._written.get(key) is not m}
        if not new:
            return
        if self._enabled is None:
            self._enabled = await self._client.fetchval(_TABLE_EXISTS_SQL)
        if self._enabled:
            await self._client.execute(
                statement("write_column_types"),
                *key_columns(new),
                [mapping.oid for mapping in new.values()],
                [json.dumps({c.number: c.type for c in m.columns}) for m in new.values()],
            )

    def committed(self, mappings: Mapping[PositionKey, TableMapping]) -> None:
        """The transaction that wrote these was committed."""
        self._written.update(mappings)


async def read_column_types(
    client: asyncpg.Connection, keys: Collection[PositionKey]
) -> dict[PositionKey, ColumnTypes]:
    """The types recorded for generators; empty if there is no such table."""
    if not keys or not await client.fetchval(_TABLE_EXISTS_SQL):
        return {}
    return {
        PositionKey(int(row["cluster"]), int(row["generator"]), int(row["incarnation"])): (
            ColumnTypes(
                row["relation"], {int(n): name for n, name in json.loads(row["types"]).items()}
            )
        )
        for row in await client.fetch(statement("read_column_types"), *key_columns(keys))
    }
