"""The PostgreSQL harness of the conformance tests, and helpers of other tests."""

from collections.abc import Sequence
from typing import Self

from eventer.core.model import (
    Column,
    ColumnType,
    EventShape,
    Guarantee,
    JsonValue,
    PositionKey,
    PostgresTarget,
    Target,
)
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.postgres.connection import PostgresConnection
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.testing.batches import batch_of
from eventer.testing.destination_scenario import event
from tests.ports import free_port
from tests.postgres_server.databases import Database
from tests.waiting import DEADLINE_S

CLUSTER = (1 << 64) - 59
KINDS = {
    "bigint": ColumnType.BIGINT,
    "double": ColumnType.DOUBLE,
    "boolean": ColumnType.BOOLEAN,
    "text": ColumnType.TEXT,
    "timestamptz": ColumnType.TIMESTAMPTZ,
    "jsonb": ColumnType.JSONB,
}


def patient(dsn: str) -> PostgresSettings:
    """Settings whose timeouts do not expire on a busy machine."""
    return PostgresSettings(
        dsn,
        connect_timeout=DEADLINE_S,
        statement_timeout=2 * DEADLINE_S,
        lock_timeout=DEADLINE_S,
    )


class PostgresHarness:
    guarantee: Guarantee = "exactly-once"
    rolls_back = True

    def __init__(self, database: Database) -> None:
        self.database = database

    def connection(self, cluster: int, shard: int = 0) -> PostgresConnection:
        return PostgresConnection(patient(self.database.dsn), cluster=cluster, shard=shard)

    def unreachable(self) -> PostgresConnection:
        settings = PostgresSettings(f"postgresql://eventer@127.0.0.1:{free_port()}/eventer")
        return PostgresConnection(settings, cluster=1, shard=0)

    def target(self, name: str) -> Target:
        return PostgresTarget(name)

    def steered(self, name: str) -> Target:
        return PostgresTarget(name, key=("n",), value="row", omit=("secret",), op="op")

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        return await self.read(target)

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        self.database.execute(
            f"CREATE TABLE \"{name}\" (n bigint, word text CHECK (word <> 'forbidden'))"
        )
        return PostgresTarget(name), event(0) | {"word": "forbidden"}

    async def drop(self, target: Target) -> None:
        self.database.execute(f'DROP TABLE "{target.table}"')  # type: ignore[union-attr]

    async def read(self, target: Target) -> Sequence[JsonValue]:
        table = target.table  # type: ignore[union-attr]
        rows = self.database.rows(f'SELECT n, word FROM "{table}" ORDER BY n')
        return [{"n": n, "word": word} for n, word in rows]


def shape(*, is_open: bool = False, **kinds: str) -> EventShape:
    """A shape by column types: shape(id="bigint", word="text")."""
    columns = tuple(Column(name, KINDS[kind]) for name, kind in sorted(kinds.items()))
    return EventShape(columns, open=is_open, is_object=True)


def flow(
    table: str,
    of: EventShape,
    *,
    key: tuple[str, ...] | None = None,
    generator: int = 1,
    incarnation: int = 0,
) -> Flow:
    target = PostgresTarget(table, key=key)
    return Flow(PositionKey(CLUSTER, generator, incarnation), target, of)


class Writer:
    """An owner that delivers lists of events; each flow continues at its position."""

    def __init__(self, dsn: str, *, shard: int = 0, cluster: int = CLUSTER) -> None:
        self.connection = PostgresConnection(patient(dsn), cluster=cluster, shard=shard)
        self._next: dict[PositionKey, int] = {}

    async def __aenter__(self) -> Self:
        await self.connection.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    def delivery(self, to: Flow, *batches: Sequence[JsonValue]) -> Delivery:
        made, first = [], self._next.get(to.key, 0)
        for events in batches:
            made.append(batch_of(first, events))
            first += len(events)
        return Delivery(to, tuple(made))

    async def send(self, to: Flow, *batches: Sequence[JsonValue]) -> DeliveryOutcome:
        outcome = await self.connection.deliver([self.delivery(to, *batches)])
        for key, position in outcome.committed.items():
            self._next[key] = position.next
        return outcome
