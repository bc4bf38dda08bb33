"""A destination in one SQLite file: transactions, fencing, failures on demand, no server.

It fulfils the contract of `ShardConnection`, across processes and `kill -9`. Files beside the
database cause failures: with `down` it is unreachable; `slow` contains the seconds that each commit
takes; with `doubt` one commit succeeds with an unknown outcome, and then it is down. It rejects the
topic `refused`, and events whose text contains `"poison"`. An event that deletes has no text.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from eventer.core.batch import Batch, EventRows, advance_position
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
    UnknownOutcomeError,
)
from eventer.core.model import Guarantee, KafkaTarget, Position, PositionKey
from eventer.core.operations import read_operations
from eventer.destinations.audit import TargetAuditor
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy

_SCHEMA = """
create table if not exists owner (shard text primary key, epoch integer not null);
create table if not exists position (
    key text primary key, next integer not null, skipped integer not null, bytes integer not null,
    dropped integer not null);
create table if not exists event (
    topic text not null, generator text not null, number integer not null,
    scheduled integer not null, text text);
"""


@dataclass(frozen=True, slots=True)
class SqliteConnector:
    """Connects to the database in a folder."""

    folder: Path
    policy: CommitPolicy = AS_SOON_AS_POSSIBLE

    def connect(self, cluster: int, shard: int) -> SqliteConnection:
        """A connection of one owner of one shard."""
        return SqliteConnection(self.folder, f"{cluster}/{shard}")

    def target_auditor(self, cluster: int, shard: int) -> TargetAuditor:
        """An auditor of the database."""
        from tests.sqlite_audit import SqliteTargetAuditor

        del cluster, shard
        return SqliteTargetAuditor(self.folder)


class SqliteConnection:
    """A `ShardConnection`."""

    def __init__(self, folder: Path, shard: str) -> None:
        self._folder = folder
        self._shard = shard
        self._epoch = 0

    async def open(self) -> Guarantee:
        """Fences every earlier owner of the shard."""
        with self._transaction() as database:
            database.execute(
                "insert into owner values (?, 1) on conflict do update set epoch = epoch + 1",
                (self._shard,),
            )
            self._epoch = self._current_epoch(database)
        return "exactly-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """The committed positions."""
        with self._transaction() as database:
            found = {key: read_position(database, key) for key in keys}
        return {key: position for key, position in found.items() if position is not None}

    async def check(self, flow: Flow) -> None:
        """Rejects the topic `refused`."""
        with self._transaction():
            _check(flow)

    async def prepare(self, flow: Flow) -> None:
        """Rejects the topic `refused`."""
        with self._transaction():
            _check(flow)

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Nothing is encoded."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """Commits events and positions, without poison events or without their flows."""
        committed: dict[PositionKey, Position] = {}
        rejected: dict[PositionKey, DestinationRejectedError] = {}
        skipped: dict[PositionKey, Sequence[DestinationRejectedError]] = {}
        if (self._folder / "slow").exists():
            await asyncio.sleep(float((self._folder / "slow").read_text()))
        with self._transaction() as database:
            if self._current_epoch(database) != self._epoch:
                raise FencedError(f"another owner has taken shard {self._shard} over")
            for delivery in deliveries:
                key = delivery.flow.key
                errors = [error for batch in delivery.batches for error in poison_errors(batch)]
                if errors and not delivery.skip_rejected:
                    rejected[key] = errors[0]
                    continue
                left = delivery.without([error.index for error in errors])
                committed[key] = _write(database, left)
                skipped[key] = errors
        self._lose_one_answer()
        return DeliveryOutcome(committed, rejected, skipped=skipped)

    def _lose_one_answer(self) -> None:
        if (self._folder / "doubt").exists():
            (self._folder / "doubt").rename(self._folder / "down")
            raise UnknownOutcomeError("the connection was lost in the last step")

    async def close(self) -> None:
        """There is no connection to close."""

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if (self._folder / "down").exists():
            raise DestinationUnavailableError("the server is down", hint="remove the file `down`")
        with closing(open_store(self._folder)) as database:
            database.execute("begin immediate")
            yield database
            database.execute("commit")

    def _current_epoch(self, database: sqlite3.Connection) -> int:
        row = database.execute("select epoch from owner where shard = ?", (self._shard,))
        return int(row.fetchone()[0])


def read_events(folder: Path, topic: str) -> list[tuple[int, int, str]]:
    """The committed events of a topic, in order: index, scheduled time, text."""
    with closing(open_store(folder)) as database:
        return database.execute(
            "select number, scheduled, text from event where topic = ? order by rowid", (topic,)
        ).fetchall()


def forget_positions(folder: Path) -> None:
    """Removes all positions, as if the server were new."""
    with closing(open_store(folder)) as database:
        database.execute("delete from position")


def open_store(folder: Path) -> sqlite3.Connection:
    """The database in a folder; creates a missing one."""
    path = folder / "destination.sqlite"
    if not path.exists():
        _make_store(path)
    database = sqlite3.connect(path, isolation_level=None, timeout=30)
    database.execute("pragma synchronous = off")
    return database


def _make_store(path: Path) -> None:
    """Creates the database under another name and links it; the first caller wins.

    If two processes set the journal mode at once, SQLite fails in one of them without waiting.
    """
    with TemporaryDirectory(dir=path.parent) as beside:
        new = Path(beside) / path.name
        with closing(sqlite3.connect(new, isolation_level=None)) as database:
            database.execute("pragma journal_mode = wal")
            database.executescript(_SCHEMA)
        with suppress(FileExistsError):
            os.link(new, path)


def _check(flow: Flow) -> None:
    assert isinstance(flow.target, KafkaTarget)
    if flow.target.topic == "refused":
        raise DestinationRejectedError("the topic 'refused' takes nothing", hint="use another one")


class PoisonError(DestinationRejectedError):
    """An event contains poison."""

    index: int


def poison_errors(batch: Batch) -> list[PoisonError]:
    """The errors of the events that the destination rejects."""
    return [
        PoisonError(f"event {index} is poisonous", index=index)
        for index, text in zip(batch.index.tolist(), batch.text.to_pylist(), strict=True)
        if b'"poison"' in text
    ]


def written_texts(batch: EventRows, op: str | None) -> list[bytes | None]:
    """The text of each event; None if it deletes."""
    deletes = read_operations(batch, op).deletes.tolist()
    texts = zip(batch.text.to_pylist(), deletes, strict=True)
    return [None if delete else text for text, delete in texts]


def _write(database: sqlite3.Connection, delivery: Delivery) -> Position:
    flow = delivery.flow
    assert isinstance(flow.target, KafkaTarget)
    before = delivery.accepted or read_position(database, flow.key) or Position()
    assert before.next == delivery.batches[0].first, "a delivery must begin at the position"
    for batch in delivery.batches:
        rows = zip(
            batch.index.tolist(),
            batch.scheduled.tolist(),
            written_texts(batch, flow.target.op),
            strict=True,
        )
        database.executemany(
            "insert into event values (?, ?, ?, ?, ?)",
            [
                (flow.target.topic, name_of(flow.key), i, at, text and text.decode())
                for i, at, text in rows
            ],
        )
    after = advance_position(before, delivery.batches)
    database.execute(
        "insert or replace into position values (?, ?, ?, ?, ?)",
        (name_of(flow.key), after.next, after.skipped, after.bytes, after.dropped),
    )
    return after


def read_position(database: sqlite3.Connection, key: PositionKey) -> Position | None:
    """The committed position of a generator."""
    row = database.execute(
        "select next, skipped, bytes, dropped from position where key = ?", (name_of(key),)
    ).fetchone()
    return None if row is None else Position(*row[:3], dropped=row[3])


def name_of(key: PositionKey) -> str:
    """The name of a generator in rows."""
    return f"{key.cluster}/{key.generator}/{key.incarnation}"
