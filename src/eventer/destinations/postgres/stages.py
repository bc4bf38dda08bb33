"""The staging tables and prepared insertions of one session."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from eventer.destinations.postgres.fit import TablePlan
from eventer.destinations.postgres.upsert import (
    Layout,
    create_stage,
    drop_insert,
    drop_stage,
    layout_of,
    prepare_insert,
)


@dataclass(slots=True)
class _Stage:
    number: int
    users: int = 0


class Stages:
    """Makes a staging table for the first flow of its layout, drops it after the last one.

    One whose first insertion cannot be prepared stays for the next flow of its layout.
    """

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._by_layout: dict[Layout, _Stage] = {}
        self._numbers = 0

    async def join(self, plan: TablePlan, flow: int) -> int:
        """The number of the staging table for a flow, whose insertion is prepared."""
        layout = layout_of(plan)
        stage = self._by_layout.get(layout)
        if stage is None:
            stage = self._by_layout[layout] = await self._make(layout)
        await self._client.execute(prepare_insert(plan, stage.number, flow))
        stage.users += 1
        return stage.number

    async def leave(self, plan: TablePlan, flow: int) -> None:
        """Forgets what the session keeps for a flow."""
        layout = layout_of(plan)
        stage = self._by_layout[layout]
        stage.users -= 1
        await self._client.execute(drop_insert(flow))
        if stage.users == 0:
            del self._by_layout[layout]
            await self._client.execute(drop_stage(stage.number))

    async def _make(self, layout: Layout) -> _Stage:
        self._numbers += 1
        async with self._client.transaction():
            # Nothing of a session's own tables needs to outlive a crash: commits need not wait.
            await self._client.execute("SET LOCAL synchronous_commit = off")
            await self._client.execute(create_stage(layout, self._numbers))
        return _Stage(self._numbers)
