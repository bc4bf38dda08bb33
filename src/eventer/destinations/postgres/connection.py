"""One owner of a shard in a database: commits data and positions in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import asyncpg

from eventer.core.batch import Batch
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.background_encoder import BackgroundEncoder
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.postgres.encoded_delivery import (
    DeliveryFailure,
    EncodedDelivery,
    PendingDelivery,
    encode_deliveries,
    field_names,
    number_deliveries,
)
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    translate_errors,
)
from eventer.destinations.postgres.find_rejected_row import explain
from eventer.destinations.postgres.position import (
    FlowPosition,
    ShardKey,
    acquire_shard,
    ensure_positions,
    read_positions,
    require_cursors,
)
from eventer.destinations.postgres.prepared_flows import PreparedFlow, PreparedFlows
from eventer.destinations.postgres.row_encoding import RowBlock, encode_block
from eventer.destinations.postgres.session import connect, disconnect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.shard_owner import ShardOwner


class PostgresConnection:
    """The `ShardConnection` of a PostgreSQL database. `name` is the name of the connection."""

    def __init__(
        self, settings: PostgresSettings, *, cluster: int, shard: int, name: str = "postgres"
    ) -> None:
        self._settings = settings
        self._shard = ShardKey(cluster, name, shard)
        self._session: _Session | None = None
        self._flow_positions: dict[PositionKey, FlowPosition] = {}
        self._encoder: BackgroundEncoder[RowBlock] = BackgroundEncoder()

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`."""
        client = await connect(self._settings)
        self._session = _Session(client)
        try:
            with self._checked_session() as session:
                await ensure_positions(client)
                epoch = await acquire_shard(client, self._shard)
                session.owner = ShardOwner(client, self._shard, epoch, self._settings.address)
        except BaseException:
            await self.close()
            raise
        return "exactly-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        with self._checked_session() as session:
            found = await read_positions(session.client, keys)
        self._flow_positions.update(found)
        return {key: flow_position.position for key, flow_position in found.items()}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`."""
        with self._checked_session() as session:
            if flow.has_cursor:
                await require_cursors(session.client)
            await session.flows.check(flow)

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`. The first delivery creates the table of an open shape."""
        with self._checked_session() as session:
            if flow.has_cursor:
                await require_cursors(session.client)
            if flow.shape.open:
                await session.flows.check(flow)
            else:
                await session.flows.renew(flow, frozenset())

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`."""
        session = self._session
        ready = None if session is None or session.unusable else session.flows.known(flow)
        if ready is not None:
            mapping = ready.mapping
            self._encoder.begin(batch, lambda: encode_block(mapping, [batch]).compact())

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection.deliver`."""
        with self._checked_session() as session, self._report_commit_state(session):
            session.waiting_ns = 0
            await self._read_missing_positions(session, deliveries)
            failures: list[DeliveryFailure] = []
            retryable: list[Delivery] = []
            current: set[int] = set()
            for failure in await self._commit_round(session, deliveries):
                if await _map_again(session, failure, current):
                    retryable.append(failure.delivery)
                else:
                    failures.append(failure)
            if retryable:
                failures += await self._commit_round(session, retryable)
            skipped, failures = await self._commit_accepted(session, failures)
            rejected = {
                failure.delivery.flow.key: await explain(session.client, session.flows, failure)
                for failure in failures
            }
            await session.flows.trim()
            waiting = session.waiting_ns
        delivered = {delivery.flow.key for delivery in deliveries} - set(rejected)
        committed = {key: self._flow_positions[key].position for key in delivered}
        encoding = max(waiting, self._encoder.take_elapsed_ns())
        return DeliveryOutcome(committed, rejected, encoding, waiting, skipped)

    async def close(self) -> None:
        """See `ShardConnection.close`."""
        session, self._session = self._session, None
        self._encoder.close()
        if session is not None:
            await disconnect(session.client, gracefully=not session.unusable)

    @contextmanager
    def _checked_session(self) -> Iterator[_Session]:
        """The session. After an error that concerns all flows, it is unusable."""
        session = self._session
        if session is None or session.unusable:
            raise DestinationUnavailableError("the connection is closed")
        try:
            with translate_errors(self._settings.address):
                yield session
        except (DestinationRejectedError, TargetUnavailableError):
            raise
        except BaseException:
            session.unusable = True
            raise

    @contextmanager
    def _report_commit_state(self, session: _Session) -> Iterator[None]:
        """Raises `UnknownOutcomeError` if a round has committed. Never rejects all flows."""
        before = session.owner.commits
        try:
            with translate_errors(self._settings.address):
                yield
        except (DestinationRejectedError, DestinationUnavailableError) as error:
            has_committed = session.owner.commits > before
            kind = UnknownOutcomeError if has_committed else DestinationUnavailableError
            raise kind(error.message, hint=error.hint) from error

    async def _read_missing_positions(
        self, session: _Session, deliveries: Sequence[Delivery]
    ) -> None:
        """Reads each position once: only the owner of the shard moves it."""
        unknown = {d.flow.key for d in deliveries if d.flow.key not in self._flow_positions}
        self._flow_positions.update(await read_positions(session.client, unknown))

    async def _commit_round(
        self, session: _Session, deliveries: Sequence[Delivery]
    ) -> list[DeliveryFailure]:
        """Commits the deliveries; returns those that failed."""
        pending_deliveries, failures = await self._prepare_all(session, deliveries)
        encoded_or_failed = await self._encode(
            session, lambda: encode_deliveries(pending_deliveries, self._encoder.take_result)
        )
        failures += [item for item in encoded_or_failed if isinstance(item, DeliveryFailure)]
        encoded_deliveries = [
            item for item in encoded_or_failed if isinstance(item, EncodedDelivery)
        ]
        if encoded_deliveries:
            flow_positions, refused = await session.owner.commit(encoded_deliveries)
            self._flow_positions.update(flow_positions)
            failures += refused
        return failures

    async def _commit_accepted(
        self, session: _Session, failures: Sequence[DeliveryFailure]
    ) -> tuple[dict[PositionKey, Sequence[DestinationRejectedError]], list[DeliveryFailure]]:
        """Commits failed deliveries that skip rejected events; returns these, and the failures."""
        others = [failure for failure in failures if not failure.may_skip]
        if len(others) == len(failures):
            return {}, others
        pending_deliveries, unprepared = await self._prepare_all(
            session, [failure.delivery for failure in failures if failure.may_skip], numbered=True
        )
        pending_deliveries.sort(key=lambda pending: pending.delivery.flow.key)
        groups = await self._encode(session, lambda: number_deliveries(pending_deliveries))
        accepted = await session.owner.commit_accepted(groups)
        self._flow_positions.update(accepted.positions)
        return accepted.skipped, [*others, *unprepared, *accepted.failures]

    async def _prepare_all(
        self, session: _Session, deliveries: Sequence[Delivery], *, numbered: bool = False
    ) -> tuple[list[PendingDelivery], list[DeliveryFailure]]:
        """The deliveries whose tables are ready, with staging tables, and the others."""
        pending_deliveries: list[PendingDelivery] = []
        failures: list[DeliveryFailure] = []
        for delivery in deliveries:
            try:
                ready = await self._ready(session, delivery)
                table = await session.flows.numbered_staging_table(ready) if numbered else ""
            except DestinationError as error:
                failures.append(DeliveryFailure(delivery, error))
            except asyncpg.PostgresError as error:
                if classify_error(error) is ErrorCategory.CONNECTION_LOST:
                    raise
                failures.append(DeliveryFailure(delivery, error))
            else:
                flow_position = self._flow_positions.get(delivery.flow.key)
                pending_deliveries.append(PendingDelivery(delivery, ready, flow_position, table))
        return pending_deliveries, failures

    async def _encode(self, session: _Session, work: Callable[[], _T]) -> _T:
        began = time.monotonic_ns()
        encoded = await self._encoder.run(work)
        session.waiting_ns += time.monotonic_ns() - began
        return encoded

    async def _ready(self, session: _Session, delivery: Delivery) -> PreparedFlow:
        found: frozenset[str] = frozenset()
        if delivery.flow.shape.open:
            flow_position = self._flow_positions.get(delivery.flow.key, _START_POSITION)
            found = flow_position.fields | field_names(delivery.batches)
        return await session.flows.ready(delivery.flow, found)


_T = TypeVar("_T")
_START_POSITION: Final = FlowPosition(Position())


class _Session:
    """The state of an open connection."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self.client = client
        self.flows = PreparedFlows(client)
        self.unusable = False
        self.waiting_ns = 0
        self.owner: ShardOwner


async def _map_again(session: _Session, failure: DeliveryFailure, current: set[int]) -> bool:
    """Maps the table again; returns whether the delivery is worth another attempt.

    `current` has the identities of the mappings that were the same when they were mapped again.
    """
    ready = failure.ready
    if ready is None or not (failure.data_rejected or failure.schema_changed):
        return False
    if id(ready.mapping) in current and not failure.schema_changed:
        return False
    try:
        renewed = await session.flows.renew(ready.flow, ready.found)
    except DestinationError as error:
        failure.error = error
    except asyncpg.PostgresError as error:
        if classify_error(error) is ErrorCategory.CONNECTION_LOST:
            raise
        failure.error = error
    else:
        if renewed.mapping == ready.mapping:
            current.add(id(ready.mapping))
        return failure.schema_changed or renewed.mapping != ready.mapping
    return False
