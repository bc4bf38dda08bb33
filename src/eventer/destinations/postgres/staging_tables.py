"""The staging tables and prepared insertions of one session."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.staging_sql import (
    StagingLayout,
    create_staging_table,
    deallocate_insert_sql,
    drop_staging_table,
    prepare_insert_sql,
    staging_layout,
)


@dataclass(slots=True)
class _StagingTable:
    number: int
    users: int = 0


class StagingTables:
    """Makes a staging table for the first flow of its layout, drops it after the last one.

    One whose first insertion cannot be prepared stays for the next flow of its layout.
    """

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._by_layout: dict[StagingLayout, _StagingTable] = {}
        self._numbers = 0

    async def join(self, mapping: TableMapping, flow: int) -> int:
        """The number of the staging table for a flow, whose insertion is prepared."""
        layout = staging_layout(mapping)
        staging_table = self._by_layout.get(layout)
        if staging_table is None:
            staging_table = self._by_layout[layout] = await self._create(layout)
        await self._client.execute(prepare_insert_sql(mapping, staging_table.number, flow))
        staging_table.users += 1
        return staging_table.number

    async def release(self, mapping: TableMapping, flow: int) -> None:
        """Forgets what the session keeps for a flow."""
        layout = staging_layout(mapping)
        staging_table = self._by_layout[layout]
        staging_table.users -= 1
        await self._client.execute(deallocate_insert_sql(flow))
        if staging_table.users == 0:
            del self._by_layout[layout]
            await self._client.execute(drop_staging_table(staging_table.number))

    async def _create(self, layout: StagingLayout) -> _StagingTable:
        self._numbers += 1
        async with self._client.transaction():
            # Nothing of a session's own tables needs to outlive a crash: commits need not wait.
            await self._client.execute("SET LOCAL synchronous_commit = off")
            await self._client.execute(create_staging_table(layout, self._numbers))
        return _StagingTable(self._numbers)
