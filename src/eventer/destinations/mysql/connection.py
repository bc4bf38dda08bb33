"""One owner of a shard in a database: commits data and positions in one transaction."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pymysql

from eventer.core.batch import Batch
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    PositionLostError,
    TargetUnavailableError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.mysql.errors import (
    ErrorCategory,
    classify_error,
    describe,
    translate_errors,
)
from eventer.destinations.mysql.position import (
    START,
    FlowPosition,
    ShardKey,
    acquire_shard,
    ensure_tables,
    read_positions,
)
from eventer.destinations.mysql.row_encoding import EncodedRows, encode_rows
from eventer.destinations.mysql.session import Session
from eventer.destinations.mysql.settings import MysqlSettings
from eventer.destinations.mysql.shard_owner import (
    CommitResult,
    EncodedDelivery,
    TableChangedError,
    commit_deliveries,
)
from eventer.destinations.mysql.table_catalog import predict_mapping, prepare_table
from eventer.destinations.mysql.table_columns import TableMapping

_FlowTable = tuple[Flow, frozenset[str]]
"""A flow and the fields that were found beyond its known shape."""


class MysqlConnection:
    """The `ShardConnection` of a MariaDB or MySQL database. `name` is that of the connection."""

    def __init__(
        self, settings: MysqlSettings, *, cluster: int, shard: int, name: str = "mysql"
    ) -> None:
        self._settings = settings
        self._shard = ShardKey(cluster, name, shard)
        self._session: Session | None = None
        self._epoch = 0
        self._positions: dict[PositionKey, FlowPosition] = {}
        self._mappings: dict[_FlowTable, TableMapping] = {}
        self._encoding_ns = 0

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`."""
        session = self._session = Session(self._settings)
        try:
            with translate_errors(self._settings.address):
                await session.run(lambda: self._acquire(session))
        except BaseException:
            await self.close()
            raise
        return "exactly-once"

    def _acquire(self, session: Session) -> None:
        session.connect()
        ensure_tables(session)
        self._epoch = acquire_shard(session, self._shard)

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        with self._checked_session() as session:
            found = await session.run(lambda: read_positions(session, keys))
        self._positions.update(found)
        return {key: stored.position for key, stored in found.items()}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`."""
        with self._checked_session() as session:
            await session.run(lambda: predict_mapping(session, flow))

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`. The first delivery creates the table of an open shape."""
        with self._checked_session() as session:
            if flow.shape.open:
                await session.run(lambda: predict_mapping(session, flow))
            else:
                await session.run(lambda: self._prepare(session, flow, frozenset()))

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`. Rows are encoded when they are delivered."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection.deliver`."""
        self._encoding_ns = 0
        with self._checked_session() as session:
            result = await session.run(lambda: self._deliver(session, deliveries))
        committed = {key: stored.position for key, stored in result.positions.items()}
        elapsed = self._encoding_ns
        return DeliveryOutcome(committed, result.rejected, elapsed, elapsed, result.skipped)

    async def close(self) -> None:
        """See `ShardConnection.close`."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @contextmanager
    def _checked_session(self) -> Iterator[Session]:
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

    def _prepare(self, session: Session, flow: Flow, found: frozenset[str]) -> TableMapping:
        """The mapping of a flow whose table has all columns.

        Raises:
            TargetUnavailableError: another session locks the table.
        """
        try:
            mapping = prepare_table(session, flow, found)
        except pymysql.MySQLError as error:
            if classify_error(error) is ErrorCategory.BUSY:
                raise TargetUnavailableError(
                    f"{flow.target.location} is busy: {describe(error)}"
                ) from error
            raise
        self._mappings[flow, found] = mapping
        return mapping

    def _deliver(self, session: Session, deliveries: Sequence[Delivery]) -> CommitResult:
        unknown = {each.flow.key for each in deliveries} - self._positions.keys()
        self._positions.update(read_positions(session, unknown))
        try:
            result = self._commit(session, deliveries)
        except TableChangedError:
            self._mappings.clear()
            try:
                result = self._commit(session, deliveries)
            except TableChangedError as error:
                raise DestinationUnavailableError(
                    "a table changed while its rows were written"
                ) from error
        self._positions.update(result.positions)
        return result

    def _commit(self, session: Session, deliveries: Sequence[Delivery]) -> CommitResult:
        """Commits the deliveries whose tables are ready; the others are rejected."""
        encoded, refused = list[EncodedDelivery](), dict[PositionKey, DestinationError]()
        for delivery in deliveries:
            try:
                encoded.append(self._encode(session, delivery))
            except (
                DestinationRejectedError,
                PositionLostError,
                TargetUnavailableError,
            ) as error:
                refused[delivery.flow.key] = error
        if not encoded:
            return CommitResult(rejected=refused)
        address = self._settings.address
        result = commit_deliveries(session, self._shard, self._epoch, encoded, address)
        result.rejected.update(refused)
        return result

    def _encode(self, session: Session, delivery: Delivery) -> EncodedDelivery:
        flow = delivery.flow
        before = self._positions.get(flow.key, START)
        _check_position(delivery, before.position)
        found = before.fields
        if flow.shape.open:
            names = {name for batch in delivery.batches for name in batch.written.names()}
            found |= names - {column.name for column in flow.shape.columns}
        with translate_errors(self._settings.address):
            mapping = self._mappings.get((flow, found)) or self._prepare(session, flow, found)
        began = time.monotonic_ns()
        rows: EncodedRows = encode_rows(mapping, delivery.batches)
        self._encoding_ns += time.monotonic_ns() - began
        return EncodedDelivery(delivery, mapping, rows, replace(before, fields=found))


def _check_position(delivery: Delivery, committed: Position) -> None:
    first = delivery.batches[0].first
    if delivery.accepted is None and committed.next != first:
        raise PositionLostError(
            f"the delivery starts at event {first}, but the database's position is {committed.next}"
        )
