"""The flows of a session, each with the mapping to its table and its staging table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import asyncpg

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey, PostgresTarget
from eventer.destinations.base import Flow
from eventer.destinations.postgres.errors import ErrorCategory, classify_error, describe
from eventer.destinations.postgres.identifiers import parse_table
from eventer.destinations.postgres.match_schema import TableMapping, match_schema, table_fields
from eventer.destinations.postgres.staging_tables import StagingTables, check_may_stage
from eventer.destinations.postgres.system_catalog import read_fingerprint
from eventer.destinations.postgres.table_creation import check_table, ensure_table, table_to_create

_MAX_PREPARED_FLOWS: Final = 2048
"""Each takes a few KiB of the server's memory, so the least recently used ones are dropped."""


@dataclass(frozen=True, slots=True)
class PreparedFlow:
    """A flow whose table has all columns; `number` is unique in the session.

    Rows are copied into `staging_table`, or directly into the table: then `fingerprint` identifies
    the table's columns at the time of mapping.
    """

    flow: Flow
    found: frozenset[str]
    mapping: TableMapping
    number: int
    staging_table: int = 0
    fingerprint: str | None = None


def target_of(flow: Flow) -> PostgresTarget:
    """The flow's target."""
    assert isinstance(flow.target, PostgresTarget)
    return flow.target


class PreparedFlows:
    """Prepares flows, again after a change, and drops those that are unused."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self._client = client
        self._staging_tables = StagingTables(client)
        self._ready: OrderedDict[PositionKey, PreparedFlow] = OrderedDict()
        self._mappings: dict[TableMapping, TableMapping] = {}
        self._numbers = 0

    async def check(self, flow: Flow) -> None:
        """Raises the errors of `ready` that can be predicted without creating anything."""
        target = target_of(flow)
        name = parse_table(target.table)
        fields = table_fields(flow.shape, target)
        table = await check_table(self._client, name, fields, target)
        complete = not flow.shape.open
        mapping = match_schema(
            fields, target, table or table_to_create(name, fields, target), complete=complete
        )
        if not mapping.direct:
            await check_may_stage(self._client)

    def known(self, flow: Flow) -> PreparedFlow | None:
        """The flow if it is prepared, or None."""
        known = self._ready.get(flow.key)
        if known is None or (known.flow is not flow and known.flow != flow):
            return None
        return known

    async def ready(self, flow: Flow, found: Collection[str]) -> PreparedFlow:
        """The flow, prepared for its shape and the fields found in its events."""
        known = self.known(flow)
        if known is None or not known.found.issuperset(found):
            return await self.renew(flow, found)
        self._ready.move_to_end(flow.key)
        return known

    async def renew(self, flow: Flow, found: Collection[str]) -> PreparedFlow:
        """Reads the system catalog, creates missing parts and maps the fields.

        Raises:
            DestinationRejectedError: the table cannot be created or does not fit.
            TargetUnavailableError: other sessions lock the table.
        """
        former = self._ready.pop(flow.key, None)
        try:
            ready = await self._prepare(flow, frozenset(found))
        except asyncpg.PostgresError as error:
            if classify_error(error) is not ErrorCategory.SCHEMA_CHANGED:
                raise
            ready = await self._prepare_again(flow, frozenset(found))
        finally:
            # Only now, so that a staging table that is still needed stays.
            await self._release(former)
        self._ready[flow.key] = ready
        return ready

    async def numbered_staging_table(self, ready: PreparedFlow) -> str:
        """The name of a staging table for numbered rows of the flow, for the next transaction."""
        return await self._staging_tables.numbered(ready.mapping)

    async def _prepare_again(self, flow: Flow, found: frozenset[str]) -> PreparedFlow:
        """Tries again after the table has changed; rejects the flow if that fails too."""
        try:
            return await self._prepare(flow, found)
        except asyncpg.PostgresError as error:
            if classify_error(error) is not ErrorCategory.SCHEMA_CHANGED:
                raise
            table = target_of(flow).table
            raise DestinationRejectedError(
                f"the table {table} does not accept the events: {describe(error)}", hint=error.hint
            ) from error

    async def _prepare(self, flow: Flow, found: frozenset[str]) -> PreparedFlow:
        target = target_of(flow)
        fields = table_fields(flow.shape, target, found)
        table = await ensure_table(self._client, parse_table(target.table), fields, target)
        mapping = self._intern(match_schema(fields, target, table, complete=not flow.shape.open))
        self._numbers += 1
        number = self._numbers
        if mapping.direct:
            fingerprint = await read_fingerprint(self._client, mapping.oid)
            return PreparedFlow(flow, found, mapping, number, fingerprint=fingerprint)
        staging_table = await self._staging_tables.join(mapping, number)
        return PreparedFlow(flow, found, mapping, number, staging_table)

    def _intern(self, mapping: TableMapping) -> TableMapping:
        """One object per equal mapping: deliveries compare identities in every tick."""
        if len(self._mappings) >= _MAX_PREPARED_FLOWS:
            self._mappings.clear()
        return self._mappings.setdefault(mapping, mapping)

    async def trim(self) -> None:
        """Drops the least recently used flows. Do not call it during a commit."""
        while len(self._ready) > _MAX_PREPARED_FLOWS:
            await self.forget(next(iter(self._ready)))
        await self._staging_tables.trim()

    async def forget(self, key: PositionKey) -> None:
        """Drops a flow."""
        await self._release(self._ready.pop(key, None))

    async def _release(self, ready: PreparedFlow | None) -> None:
        if ready is not None and not ready.mapping.direct:
            await self._staging_tables.release(ready.mapping, ready.number)
