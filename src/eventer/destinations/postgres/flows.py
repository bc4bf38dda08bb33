"""The flows of one connection: each one's plan, and its staging table in the session."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey, PostgresTarget
from eventer.destinations.base import Flow
from eventer.destinations.postgres.catalogue import read_fingerprint
from eventer.destinations.postgres.errors import Verdict, judge
from eventer.destinations.postgres.fit import TablePlan, fields_of, fit
from eventer.destinations.postgres.names import parse_table
from eventer.destinations.postgres.stages import Stages
from eventer.destinations.postgres.table import as_if_made, check_table, ensure_table

_FLOWS_KEPT: Final = 2048
"""A prepared insertion takes some kilobytes of the server's memory: those unused are dropped."""


@dataclass(frozen=True, slots=True)
class ReadyFlow:
    """A flow whose table has all columns; `number` is its own in the session.

    Rows are copied into staging table `stage`, or straight into the table: then `fingerprint` is
    the table as it was when planned.
    """

    flow: Flow
    found: frozenset[str]
    plan: TablePlan
    number: int
    stage: int = 0
    fingerprint: str | None = None


def target_of(flow: Flow) -> PostgresTarget:
    """The flow's target, which is a table."""
    assert isinstance(flow.target, PostgresTarget)
    return flow.target


class Flows:
    """Prepares flows once, again when they change, and forgets what has long been unused."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._stages = Stages(client)
        self._ready: OrderedDict[PositionKey, ReadyFlow] = OrderedDict()
        self._plans: dict[TablePlan, TablePlan] = {}
        self._numbers = 0

    async def check(self, flow: Flow) -> None:
        """Refuses a flow that cannot be made ready, without making anything."""
        target = target_of(flow)
        name = parse_table(target.table)
        fields = fields_of(flow.shape, target)
        table = await check_table(self._client, name, fields, target)
        whole = not flow.shape.open
        fit(fields, target, table or as_if_made(name, fields, target), whole=whole)

    def known(self, flow: Flow) -> ReadyFlow | None:
        """The flow as prepared before, if it was."""
        known = self._ready.get(flow.key)
        if known is None or (known.flow is not flow and known.flow != flow):
            return None
        return known

    async def ready(self, flow: Flow, found: Collection[str]) -> ReadyFlow:
        """The flow as prepared before, or prepared now for the fields found in its events too."""
        known = self.known(flow)
        if known is None or not known.found.issuperset(found):
            return await self.renew(flow, found)
        self._ready.move_to_end(flow.key)
        return known

    async def renew(self, flow: Flow, found: Collection[str]) -> ReadyFlow:
        """Reads the catalogue, makes what is missing, and plans anew.

        Raises:
            DestinationRejectedError: the table cannot be made or does not fit.
            DestinationUnavailableError: not now.
        """
        await self.forget(flow.key)
        try:
            ready = await self._prepare(flow, frozenset(found))
        except asyncpg.PostgresError as error:
            if judge(error) is not Verdict.STALE:
                raise
            ready = await self._prepare_again(flow, frozenset(found))
        self._ready[flow.key] = ready
        return ready

    async def _prepare_again(self, flow: Flow, found: frozenset[str]) -> ReadyFlow:
        """Once more, since the table was changed while we looked, or else it does not fit."""
        try:
            return await self._prepare(flow, found)
        except asyncpg.PostgresError as error:
            if judge(error) is not Verdict.STALE:
                raise
            table = target_of(flow).table
            raise DestinationRejectedError(
                f"the table {table} does not take the events: {error}", hint=error.hint
            ) from error

    async def _prepare(self, flow: Flow, found: frozenset[str]) -> ReadyFlow:
        target = target_of(flow)
        fields = fields_of(flow.shape, target, found)
        table = await ensure_table(self._client, parse_table(target.table), fields, target)
        plan = self._interned(fit(fields, target, table, whole=not flow.shape.open))
        self._numbers += 1
        number = self._numbers
        if plan.direct:
            fingerprint = await read_fingerprint(self._client, plan.oid)
            return ReadyFlow(flow, found, plan, number, fingerprint=fingerprint)
        stage = await self._stages.join(plan, number)
        return ReadyFlow(flow, found, plan, number, stage)

    def _interned(self, plan: TablePlan) -> TablePlan:
        """One object for all that are equal: what is asked for every tick compares identities."""
        if len(self._plans) >= _FLOWS_KEPT:
            self._plans.clear()
        return self._plans.setdefault(plan, plan)

    async def trim(self) -> None:
        """Forgets the flows longest unused. Not while any is on its way to a commit."""
        while len(self._ready) > _FLOWS_KEPT:
            await self.forget(next(iter(self._ready)))

    async def forget(self, key: PositionKey) -> None:
        """Drops what the session keeps for a flow."""
        ready = self._ready.pop(key, None)
        if ready is not None and not ready.plan.direct:
            await self._stages.leave(ready.plan, ready.number)
