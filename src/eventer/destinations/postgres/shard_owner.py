"""The transaction of a commit: lock the shard, write each flow in a savepoint, then positions.

Flows with one target and one layout share a COPY, so a small flow costs the server little more than
its rows. If the server rejects a COPY, its halves are tried, down to single flows. Flows that
skip rejected events are committed in a second transaction, without these events.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import asyncpg

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.core.model import PositionKey
from eventer.destinations.postgres.column_types import ColumnTypeWriter
from eventer.destinations.postgres.encoded_delivery import (
    DeliveryFailure,
    EncodedDelivery,
    NumberedGroup,
)
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    describe,
    translate_commit_errors,
)
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.position import (
    FlowPosition,
    PositionWriter,
    ShardKey,
    lock_shard,
)
from eventer.destinations.postgres.row_loader import (
    ROLLBACK_TO_SAVEPOINT,
    SAVEPOINT,
    RejectedRow,
    load_rows,
)
from eventer.destinations.postgres.staging_tables import (
    TEMP_SCHEMA,
    execute_write_sql,
    staging_name,
)
from eventer.destinations.postgres.system_catalog import read_fingerprint
from eventer.kernels.pgcopy.copy_stream import Bytes, pieces

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_NEXT_SAVEPOINT = f"RELEASE {SAVEPOINT}; {SAVEPOINT}"
_CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; "


@dataclass(slots=True)
class AcceptedRows:
    """The result of a commit without rejected rows: errors by flow, and flows that failed."""

    positions: dict[PositionKey, FlowPosition] = field(default_factory=dict)
    mappings: dict[PositionKey, TableMapping] = field(default_factory=dict)
    skipped: dict[PositionKey, Sequence[DestinationRejectedError]] = field(default_factory=dict)
    failures: list[DeliveryFailure] = field(default_factory=list)


class ShardOwner:
    """A session that owns a shard with an epoch. `commits` counts its transactions."""

    def __init__(
        self, client: asyncpg.Connection, shard: ShardKey, epoch: int, address: str
    ) -> None:
        self._client = client
        self._shard = shard
        self._epoch = epoch
        self._address = address
        self._column_types = ColumnTypeWriter(client)
        self._positions = PositionWriter(client)
        self.commits = 0

    async def commit(
        self, encoded_deliveries: Sequence[EncodedDelivery]
    ) -> tuple[dict[PositionKey, FlowPosition], list[DeliveryFailure]]:
        """Commits deliveries; returns the new positions, and the deliveries that it excludes.

        Raises:
            FencedError: the shard has another owner.
            UnknownOutcomeError: the connection was lost during COMMIT.
        """
        ordered = sorted(
            encoded_deliveries, key=lambda encoded_delivery: encoded_delivery.delivery.flow.key
        )
        try:
            return await self._attempt(ordered, strict=False)
        except _DeferredConstraintError:
            pass
        with _all_constraints_checked():
            return await self._attempt(ordered, strict=True)

    async def commit_accepted(self, groups: Sequence[NumberedGroup]) -> AcceptedRows:
        """Commits deliveries without the rows that the server rejects.

        Raises:
            FencedError: the shard has another owner.
            UnknownOutcomeError: the connection was lost during COMMIT.
        """
        accepted = AcceptedRows()
        await self._begin()
        for number, group in enumerate(groups):
            loaded = await self._try_load(group, number)
            if isinstance(loaded, asyncpg.PostgresError):
                accepted.failures += [
                    DeliveryFailure(each.delivery, loaded, each.ready) for each in group.members
                ]
                continue
            for member, errors in group.errors(loaded):
                key = member.delivery.flow.key
                accepted.mappings[key] = member.ready.mapping
                accepted.skipped[key], accepted.positions[key] = errors, member.accepted(errors)
        with _all_constraints_checked():
            await self._commit_transaction(accepted.positions, accepted.mappings)
        return accepted

    async def _try_load(
        self, group: NumberedGroup, number: int
    ) -> list[RejectedRow] | asyncpg.PostgresError:
        """Inserts the rows of a group; returns those rejected, or an error that concerns all."""
        try:
            rejected_rows = await load_rows(
                self._client, group.rows, group.staging_table, group=number
            )
            await self._client.execute(_NEXT_SAVEPOINT)
        except asyncpg.PostgresError as error:
            if classify_error(error) is ErrorCategory.CONNECTION_LOST:
                raise
            await self._client.execute(ROLLBACK_TO_SAVEPOINT)
            return error
        return rejected_rows

    async def _attempt(
        self, encoded_deliveries: Sequence[EncodedDelivery], *, strict: bool
    ) -> tuple[dict[PositionKey, FlowPosition], list[DeliveryFailure]]:
        """`strict` checks deferred constraints per flow: at COMMIT their error names no flow."""
        await self._begin()
        flow_positions: dict[PositionKey, FlowPosition] = {}
        failures: list[DeliveryFailure] = []
        for group in group_by_copy_target(encoded_deliveries, separately=strict):
            rejected = await self._write_group(group, strict=strict)
            failures += rejected
            lost = {failure.delivery.flow.key for failure in rejected}
            flow_positions |= {s.key: s.after for s in group if s.key not in lost}
        mappings = {s.key: s.ready.mapping for s in encoded_deliveries if s.key in flow_positions}
        await self._commit_transaction(flow_positions, mappings)
        return flow_positions, failures

    async def _begin(self) -> None:
        await self._client.execute(_BEGIN)
        epoch = await lock_shard(self._client, self._shard)
        if epoch != self._epoch:
            await self._client.execute("ROLLBACK")
            raise self._no_longer_owner(epoch)
        await self._client.execute(SAVEPOINT)

    def _no_longer_owner(self, epoch: int | None) -> Exception:
        what = f"shard {self._shard.number} of {self._shard.connection!r}"
        if epoch is None:
            return DestinationUnavailableError(f"the row of {what} is missing from eventer.shard")
        return FencedError(f"{what} has another owner: its epoch is {epoch}, ours is {self._epoch}")

    async def _write_group(
        self, group: Sequence[EncodedDelivery], *, strict: bool
    ) -> list[DeliveryFailure]:
        """Writes the flows of a group, without those whose rows the server rejects."""
        if not group:
            return []
        error = await self._try_write(group, strict=strict)
        if error is None:
            return []
        await self._client.execute(ROLLBACK_TO_SAVEPOINT)
        if classify_error(error) is ErrorCategory.REJECTED:
            # `commit_accepted` finds the rejected rows of all these at once.
            failures = [_failure(each, error) for each in group if each.delivery.skip_rejected]
            if failures:
                others = [each for each in group if not each.delivery.skip_rejected]
                return failures + await self._write_group(others, strict=strict)
        if len(group) == 1:
            return [_failure(group[0], error)]
        middle = len(group) // 2
        first = await self._write_group(group[:middle], strict=strict)
        return first + await self._write_group(group[middle:], strict=strict)

    async def _try_write(
        self, group: Sequence[EncodedDelivery], *, strict: bool
    ) -> asyncpg.PostgresError | None:
        """Writes the rows of flows; returns the error, after which the savepoint must be undone."""
        try:
            await self._copy(group)
            await self._client.execute(_statements_after_copy(group, strict=strict))
        except asyncpg.PostgresError as error:
            if classify_error(error) is ErrorCategory.CONNECTION_LOST:
                raise
            return error
        return None

    async def _copy(self, group: Sequence[EncodedDelivery]) -> None:
        streams = [stream for encoded_delivery in group for stream in encoded_delivery.streams]
        if not streams:
            return
        ready, source = group[0].ready, _copy_chunks(self._client, streams)
        if not ready.mapping.direct:
            await self._client.copy_to_table(
                staging_name(ready.staging_table),
                schema_name=TEMP_SCHEMA,
                source=source,
                format="binary",
            )
            return
        table = ready.mapping.table
        columns = [column.name for column in ready.mapping.columns]
        await self._client.copy_to_table(
            table.name, schema_name=table.schema, columns=columns, source=source, format="binary"
        )
        # COPY has locked the columns as they are now; compare them with the mapped ones.
        if await read_fingerprint(self._client, ready.mapping.oid) != ready.fingerprint:
            raise asyncpg.UndefinedColumnError("the table's columns have changed")

    async def _commit_transaction(
        self,
        flow_positions: Mapping[PositionKey, FlowPosition],
        mappings: Mapping[PositionKey, TableMapping],
    ) -> None:
        if not flow_positions:
            await self._client.execute("ROLLBACK")
            return
        await self._positions.write(flow_positions)
        await self._column_types.write(mappings)
        try:
            with translate_commit_errors(self._address):
                await self._client.execute("COMMIT")
        except asyncpg.PostgresError as error:
            raise _DeferredConstraintError from error
        self._column_types.committed(mappings)
        self.commits += 1


class _DeferredConstraintError(Exception):
    """A deferred constraint failed at COMMIT; nothing was committed."""


@contextmanager
def _all_constraints_checked() -> Iterator[None]:
    """Around a commit after all constraints were checked: another error concerns no flow."""
    try:
        yield
    except _DeferredConstraintError as error:
        cause = error.__cause__ or error
        raise DestinationUnavailableError(
            f"the server did not commit: {describe(cause)}"
        ) from cause


def group_by_copy_target(
    encoded_deliveries: Iterable[EncodedDelivery], *, separately: bool = False
) -> list[list[EncodedDelivery]]:
    """Groups deliveries whose rows can share one COPY, in order; one each if `separately`."""
    found: dict[Hashable, list[EncodedDelivery]] = {}
    for encoded_delivery in encoded_deliveries:
        place = encoded_delivery.key if separately else _copy_target(encoded_delivery)
        found.setdefault(place, []).append(encoded_delivery)
    return list(found.values())


async def _copy_chunks(
    client: asyncpg.Connection, streams: Sequence[Bytes]
) -> AsyncIterator[memoryview]:
    """The streams in pieces, so that the client does not buffer a copy of all."""
    for piece in pieces(streams):
        if client.is_closed():
            return
        yield piece.data


def _copy_target(encoded_delivery: EncodedDelivery) -> Hashable:
    """Equal for deliveries with one table and one encoding."""
    ready = encoded_delivery.ready
    if not encoded_delivery.streams:
        return None
    return (id(ready.mapping), ready.fingerprint) if ready.mapping.direct else ready.staging_table


def _statements_after_copy(group: Sequence[EncodedDelivery], *, strict: bool) -> str:
    """The statements after COPY, in one round trip."""
    staged = [s for s in group if not s.ready.mapping.direct and s.streams]
    inserting = "".join(
        f"{execute_write_sql(each.ready.mapping, each.ready.number)}; " for each in staged
    )
    return f"{inserting}{_CHECK_NOW if strict else ''}{_NEXT_SAVEPOINT}"


def _failure(encoded_delivery: EncodedDelivery, error: asyncpg.PostgresError) -> DeliveryFailure:
    return DeliveryFailure(encoded_delivery.delivery, error, encoded_delivery.ready)
