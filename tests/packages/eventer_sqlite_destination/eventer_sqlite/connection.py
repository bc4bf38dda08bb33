"""Delivers events to SQLite: events and positions commit in one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from eventer.core.batch import Batch, advance_position
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
)
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.position_json import position_parts, read_position

_SCHEMA = """
create table if not exists eventer_owner (shard text primary key, epoch integer not null);
create table if not exists eventer_position (key text primary key, position text not null);
"""


class SqliteConnection:
    """Implements `eventer.destinations.base.ShardConnection`."""

    def __init__(self, path: Path, max_event_bytes: int, shard: str) -> None:
        self._path = path
        self._max_event_bytes = max_event_bytes
        self._shard = shard
        self._epoch = 0
        self._database: sqlite3.Connection | None = None

    async def open(self) -> Guarantee:
        """Fences every earlier owner of the shard."""
        try:
            self._database = sqlite3.connect(self._path, isolation_level=None)
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise DestinationUnavailableError(f"cannot open {self._path}: {error}") from error
        with self._transaction() as database:
            database.execute(
                "insert into eventer_owner values (?, 1) "
                "on conflict do update set epoch = epoch + 1",
                (self._shard,),
            )
            self._epoch = self._current_epoch(database)
        return "exactly-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        with self._transaction() as database:
            found = {key: _position(database, key) for key in keys}
        return {key: position for key, position in found.items() if position is not None}

    async def check(self, flow: Flow) -> None:
        """Any event can be a row; its size is checked when it is delivered."""

    async def prepare(self, flow: Flow) -> None:
        with self._transaction() as database:
            _create(database, flow)

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Rows need no encoding."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        outcome = DeliveryOutcome(committed := {}, rejected := {}, skipped=(skipped := {}))
        with self._transaction() as database:
            if self._current_epoch(database) != self._epoch:
                raise FencedError("another owner has taken over")
            for delivery in deliveries:
                key, errors = delivery.flow.key, self._rejected(delivery)
                if errors and not delivery.skip_rejected:
                    rejected[key] = errors[0]
                    continue
                skipped[key] = errors
                kept = delivery.without([each.index for each in errors if each.index is not None])
                committed[key] = _write(database, kept)
        return outcome

    async def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()

    def _rejected(self, delivery: Delivery) -> list[DestinationRejectedError]:
        """An error for each event that is too large."""
        return [
            DestinationRejectedError("the event is too large", index=index)
            for batch in delivery.batches
            for index, text in zip(batch.index.tolist(), batch.text.to_pylist(), strict=True)
            if len(text) > self._max_event_bytes
        ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        assert self._database is not None
        try:
            self._database.execute("begin immediate")
            yield self._database
            self._database.execute("commit")
        except BaseException as error:
            if self._database.in_transaction:
                self._database.execute("rollback")
            if isinstance(error, sqlite3.Error):
                raise DestinationUnavailableError(f"{self._path}: {error}") from error
            raise

    def _current_epoch(self, database: sqlite3.Connection) -> int:
        query = "select epoch from eventer_owner where shard = ?"
        (epoch,) = database.execute(query, (self._shard,)).fetchone()
        return int(epoch)


def _create(database: sqlite3.Connection, flow: Flow) -> None:
    table = flow.target.location
    database.execute(
        f'create table if not exists "{table}" (number integer primary key, event text not null)'
    )


def _position(database: sqlite3.Connection, key: PositionKey) -> Position | None:
    query = "select position from eventer_position where key = ?"
    found = database.execute(query, (repr(tuple(key)),)).fetchone()
    return None if found is None else read_position(json.loads(found[0]))[1]


def _write(database: sqlite3.Connection, delivery: Delivery) -> Position:
    """Writes the events and the position of a delivery; returns the position."""
    key, table = delivery.flow.key, delivery.flow.target.location
    _create(database, delivery.flow)
    texts = [(text.decode(),) for batch in delivery.batches for text in batch.text.to_pylist()]
    database.executemany(f'insert into "{table}" (event) values (?)', texts)
    before = delivery.accepted or _position(database, key) or Position()
    position = advance_position(before, delivery.batches)
    database.execute(
        "insert or replace into eventer_position values (?, ?)",
        (repr(tuple(key)), json.dumps(position_parts(key, position))),
    )
    return position
