"""One owner of one shard in one database: data and positions in one transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

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
from eventer.destinations.ahead import Encoder
from eventer.destinations.base import Delivery, Flow, Outcome
from eventer.destinations.postgres.commit import Owner
from eventer.destinations.postgres.encode import Part, part_of
from eventer.destinations.postgres.errors import LOST_CLIENT, Verdict, judge, translated
from eventer.destinations.postgres.flows import Flows, ReadyFlow
from eventer.destinations.postgres.loading import Order, load
from eventer.destinations.postgres.position import (
    Shard,
    Stand,
    ensure_positions,
    read_positions,
    take_shard,
)
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.shipment import Failure, Shipment, explain, found_fields

_CLOSE_SECONDS: Final = 2.0


class PostgresConnection:
    """`ShardConnection` of a PostgreSQL database; `name` is the connection's."""

    def __init__(
        self, settings: PostgresSettings, *, cluster: int, shard: int, name: str = "postgres"
    ) -> None:
        self._settings = settings
        self._shard = Shard(cluster, name, shard)
        self._session: _Session | None = None
        self._stands: dict[PositionKey, Stand] = {}
        self._encoder: Encoder[Part] = Encoder()

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`."""
        client = await connect(self._settings)
        self._session = _Session(client)
        try:
            with self._using() as session:
                await ensure_positions(client)
                epoch = await take_shard(client, self._shard)
                session.owner = Owner(client, self._shard, epoch, self._settings.address)
        except BaseException:
            await self.close()
            raise
        return "exactly-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        with self._using() as session:
            found = await read_positions(session.client, keys)
        self._stands.update(found)
        return {key: stand.position for key, stand in found.items()}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`."""
        with self._using() as session:
            await session.flows.check(flow)

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`. An open shape's table waits for its first events."""
        with self._using() as session:
            if flow.shape.open:
                await session.flows.check(flow)
            else:
                await session.flows.renew(flow, frozenset())

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`."""
        session = self._session
        ready = None if session is None or session.spent else session.flows.known(flow)
        if ready is not None:
            plan = ready.plan
            self._encoder.begin(batch, lambda: part_of(plan, [batch]).to_send())

    async def deliver(self, deliveries: Sequence[Delivery]) -> Outcome:
        """See `ShardConnection.deliver`."""
        with self._using() as session, self._moving(session):
            session.waiting = 0
            await self._learn_stands(session, deliveries)
            failures = await self._round(session, deliveries)
            lasting = [failure for failure in failures if not await _mended(session, failure)]
            mended = [failure.delivery for failure in failures if failure.mended]
            if mended:
                lasting += await self._round(session, mended)
            rejected = {
                failure.delivery.flow.key: await explain(session.client, failure)
                for failure in lasting
            }
            await session.flows.trim()
            waiting = session.waiting
        delivered = {delivery.flow.key for delivery in deliveries} - set(rejected)
        committed = {key: self._stands[key].position for key in delivered}
        return Outcome(committed, rejected, max(waiting, self._encoder.lap()), waiting)

    async def close(self) -> None:
        """See `ShardConnection.close`."""
        session, self._session = self._session, None
        self._encoder.close()
        if session is None:
            return
        if not session.spent:
            with suppress(*LOST_CLIENT, asyncpg.PostgresError):
                await session.client.close(timeout=_CLOSE_SECONDS)
        session.client.terminate()

    @contextmanager
    def _using(self) -> Iterator[_Session]:
        """The session, of which nothing more is asked once it has failed in the middle."""
        session = self._session
        if session is None or session.spent:
            raise DestinationUnavailableError("this connection is closed; open another")
        try:
            with translated(self._settings.address):
                yield session
        except (DestinationRejectedError, TargetUnavailableError):
            raise
        except BaseException:
            session.spent = True
            raise

    @contextmanager
    def _moving(self, session: _Session) -> Iterator[None]:
        """Says that nothing was committed only where that is so; refuses flows, never all."""
        before = session.owner.commits
        try:
            with translated(self._settings.address):
                yield
        except (DestinationRejectedError, DestinationUnavailableError) as error:
            moved = session.owner.commits > before
            kind = UnknownOutcomeError if moved else DestinationUnavailableError
            raise kind(error.message, hint=error.hint) from error

    async def _learn_stands(self, session: _Session, deliveries: Sequence[Delivery]) -> None:
        """While we own the shard nobody else moves its positions: each is read once."""
        unknown = {d.flow.key for d in deliveries if d.flow.key not in self._stands}
        self._stands.update(await read_positions(session.client, unknown))

    async def _round(self, session: _Session, deliveries: Sequence[Delivery]) -> list[Failure]:
        """Commits what can be of the deliveries; returns the others."""
        orders: list[Order] = []
        failures: list[Failure] = []
        for delivery in deliveries:
            try:
                ready = await self._ready(session, delivery)
                orders.append(Order(delivery, ready, self._stands.get(delivery.flow.key)))
            except DestinationError as error:
                failures.append(Failure(delivery, error))
            except asyncpg.PostgresError as error:
                if judge(error) is Verdict.LOST:
                    raise
                failures.append(Failure(delivery, error))
        began = time.monotonic_ns()
        loaded = await self._encoder.run(lambda: load(orders, self._encoder.made))
        session.waiting += time.monotonic_ns() - began
        failures += [item for item in loaded if isinstance(item, Failure)]
        shipments = [item for item in loaded if isinstance(item, Shipment)]
        if shipments:
            stands, refused = await session.owner.commit(shipments)
            self._stands.update(stands)
            failures += refused
        return failures

    async def _ready(self, session: _Session, delivery: Delivery) -> ReadyFlow:
        found: frozenset[str] = frozenset()
        if delivery.flow.shape.open:
            stand = self._stands.get(delivery.flow.key, _NOWHERE)
            found = stand.fields | found_fields(delivery.batches)
        return await session.flows.ready(delivery.flow, found)


_NOWHERE: Final = Stand(Position())


class _Session:
    """What a connection has while it is open."""

    def __init__(self, client: asyncpg.Connection) -> None:
        self.client = client
        self.flows = Flows(client)
        self.spent = False
        self.waiting = 0
        self.owner: Owner


async def _mended(session: _Session, failure: Failure) -> bool:
    """Reads the table again; whether the delivery may go well now that it is planned anew."""
    ready = failure.ready
    if ready is None or not (failure.refused or failure.stale):
        return False
    try:
        renewed = await session.flows.renew(ready.flow, ready.found)
    except DestinationError as error:
        failure.error = error
    except asyncpg.PostgresError as error:
        if judge(error) is Verdict.LOST:
            raise
        failure.error = error
    else:
        failure.mended = failure.stale or renewed.plan != ready.plan
    return failure.mended
