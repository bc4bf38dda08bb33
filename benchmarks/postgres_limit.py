"""PostgreSQL delivery, and its limit: the same COPY and upsert with prepared bytes.

    python benchmarks/postgres_limit.py [--seconds 5] [--rows 10000] [--dsn postgresql://…]

Both send the same rows in transactions of one batch, in turns. The limit is a bare loop of BEGIN,
COPY of prepared bytes, the same INSERT, COMMIT. Eventer delivers a batch with prepared columns
through a connection, including position and ownership. The time to generate events is not included.
Without `--dsn` it starts a server in a temporary directory.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.model import Column, ColumnType, EventShape, PositionKey, PostgresTarget
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.postgres.connection import PostgresConnection
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.row_encoding import encode
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.staging_tables import (
    StagingTables,
    execute_write_sql,
    staging_name,
)
from eventer.embedded.postgres import EmbeddedPostgres
from eventer.kernels.pgcopy.copy_stream import pieces

# The shape of the contract's event: ten columns, about 330 bytes of JSON.
SHAPE = EventShape(
    (
        Column("country", ColumnType.TEXT),
        Column("dataset", ColumnType.TEXT),
        Column("event", ColumnType.JSONB),
        Column("group_id", ColumnType.TEXT),
        Column("id", ColumnType.BIGINT),
        Column("name", ColumnType.TEXT),
        Column("page_id", ColumnType.BIGINT),
        Column("session_id", ColumnType.BIGINT),
        Column("time", ColumnType.TIMESTAMPTZ),
        Column("user_agent", ColumnType.TEXT),
    ),
    open=False,
    is_object=True,
)
FLOW = 0
"""The number of the flow, which staged rows have."""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari"


class PreparedFields:
    """Prepared columns: the benchmark does not measure their creation."""

    def __init__(self, columns: dict[str, pa.Array]) -> None:
        self._columns = columns

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        del kind
        return self._columns[pointer.removeprefix("/")]

    def names(self) -> frozenset[str]:
        return frozenset(self._columns)


def columns_of(first: int, count: int, keys: int | None) -> dict[str, pa.Array]:
    """Columns with `keys` different ids; if `keys` is None, all ids differ."""
    numbers = np.arange(first, first + count, dtype=np.int64)
    rng = np.random.default_rng(first)
    ids = numbers if keys is None else rng.integers(1, keys + 1, count)

    def text(values: list[str]) -> pa.Array:
        return pa.array(values, pa.large_string())

    return {
        "country": text([("ru", "us", "jp", "cn")[n % 4] for n in range(count)]),
        "dataset": text(["dummy_dataset"] * count),
        "event": text(
            [f'{{"data":{{"click":{{"x":{n}.25,"y":{n}.5}}}},"type":"click"}}' for n in numbers]
        ),
        "group_id": text(["dummy_instance_id"] * count),
        "id": pa.array(ids),
        "name": text([f"name {n % 997}" for n in numbers]),
        "page_id": pa.array(numbers % 15),
        "session_id": pa.array(numbers % 300),
        "time": pa.array(1_638_316_800_000_000 + numbers * 1000, pa.timestamp("us", "UTC")),
        "user_agent": text([f"{AGENT}/{n % 499}" for n in numbers]),
    }


def batch_of(first: int, count: int, keys: int | None) -> Batch:
    index = np.arange(first, first + count, dtype=np.int64)
    text = pa.array([b"{" + b" " * 330 + b"}"] * count, pa.large_binary())
    fields = PreparedFields(columns_of(first, count, keys))
    return Batch(index, index, text, fields, first=first, count=count)


def renumbered(batch: Batch, first: int) -> Batch:
    """The same rows, numbered from `first`."""
    index = np.arange(first, first + batch.count, dtype=np.int64)
    return Batch(index, index, batch.text, batch.fields, first=first, count=batch.count)


@dataclass
class Contender:
    """Eventer or the limit: how it sends a batch, and the time of each send."""

    name: str
    send: Callable[[Batch], Awaitable[None]]
    seconds: list[float]

    async def measure(self, batch: Batch) -> None:
        start = time.perf_counter()
        await self.send(batch)
        self.seconds.append(time.perf_counter() - start)


async def compare(dsn: str, title: str, *, rows: int, seconds: float, keys: int | None) -> None:
    key = PositionKey(time.time_ns() % (1 << 63), 1, 0)
    table = "limit_append" if keys is None else f"limit_{keys}"
    flow = Flow(key, PostgresTarget(table, key=("id",)), SHAPE)
    if keys is None:
        columns = tuple(c for c in SHAPE.columns if c.name != "id")
        flow = Flow(key, PostgresTarget(table), EventShape(columns, open=False, is_object=True))
    batches = [batch_of(i * rows, rows, keys) for i in range(8)]
    eventer = PostgresConnection(PostgresSettings(dsn), cluster=key.cluster, shard=0)
    await eventer.open()
    await eventer.prepare(flow)
    bare = await asyncpg.connect(dsn)
    limit = await bare_sender(bare, eventer, flow, batches)
    contenders = [
        Contender("limit", limit, []),
        Contender("eventer", eventer_sender(eventer, flow), []),
    ]
    for batch in batches:  # warm-up: compiles kernels, fills caches and inserts every key
        for contender in contenders:
            await contender.send(batch)
    number, until = 0, time.perf_counter() + seconds * 2
    while time.perf_counter() < until:
        for contender in contenders if number % 2 else reversed(contenders):
            await contender.measure(batches[number % 8])
        number += 1
    await bare.execute(f"DROP TABLE {table}")
    await eventer.close()
    await bare.close()
    report(title, contenders, rows)


def eventer_sender(
    connection: PostgresConnection, flow: Flow
) -> Callable[[Batch], Awaitable[None]]:
    at = 0

    async def send(batch: Batch) -> None:
        nonlocal at
        outcome = await connection.deliver([Delivery(flow, (renumbered(batch, at),))])
        assert not outcome.rejected, outcome.rejected
        at += batch.count

    return send


async def bare_sender(
    bare: asyncpg.Connection, eventer: PostgresConnection, flow: Flow, batches: list[Batch]
) -> Callable[[Batch], Awaitable[None]]:
    """Returns a function that sends prepared bytes with the same statements."""
    assert eventer._session is not None  # noqa: SLF001  both use the same mapping
    mapping = (await eventer._session.flows.ready(flow, ())).mapping  # noqa: SLF001
    streams = {id(batch): stream_of(mapping, batch) for batch in batches}
    staging_table = ""
    if not mapping.direct:
        staging_table = staging_name(await StagingTables(bare).join(mapping, FLOW))
    names = [column.name for column in mapping.columns]

    async def send(batch: Batch) -> None:
        source = streams[id(batch)].data
        await bare.execute("BEGIN")
        if mapping.direct:
            await bare.copy_to_table(
                mapping.table.name, columns=names, source=source, format="binary"
            )
            await bare.execute("COMMIT")
            return
        await bare.copy_to_table(staging_table, source=source, format="binary")
        await bare.execute(execute_write_sql(mapping, FLOW))
        await bare.execute("COMMIT")

    return send


def stream_of(mapping: TableMapping, batch: Batch) -> NDArray[np.uint8]:
    encoded = encode(mapping, [batch], FLOW)
    return (
        np.concatenate([*pieces(encoded.direct())]) if mapping.direct else encoded.staged_stream()
    )


def report(title: str, contenders: list[Contender], rows: int) -> None:
    rates = {
        contender.name: rows * len(contender.seconds) / sum(contender.seconds)
        for contender in contenders
    }
    median_ms = {
        contender.name: statistics.median(contender.seconds) * 1000 for contender in contenders
    }
    print(
        f"{title:<24} eventer {rates['eventer']:>9,.0f}/s ({median_ms['eventer']:.1f} ms)   "
        f"limit {rates['limit']:>9,.0f}/s ({median_ms['limit']:.1f} ms)   "
        f"ratio {rates['eventer'] / rates['limit']:.2f}"
    )


async def many_flows(dsn: str, flows: int, rows: int) -> None:
    """Prints the time of one commit of many generators with a few events each."""
    cluster = time.time_ns() % (1 << 63)
    prepared_flows = [
        Flow(PositionKey(cluster, n, 0), PostgresTarget(f"many.t{n % 10}", key=("id",)), SHAPE)
        for n in range(flows)
    ]
    connection = PostgresConnection(PostgresSettings(dsn), cluster=cluster, shard=0)
    await connection.open()
    start = time.perf_counter()
    for flow in prepared_flows:
        await connection.prepare(flow)
    prepare_seconds = time.perf_counter() - start
    batch = batch_of(0, rows, None)
    seconds = []
    for number in range(12):
        ready = renumbered(batch, number * rows)
        start = time.perf_counter()
        outcome = await connection.deliver([Delivery(flow, (ready,)) for flow in prepared_flows])
        seconds.append(time.perf_counter() - start)
        assert not outcome.rejected
    await connection.close()
    print(
        f"{flows} generators, {rows} rows each: prepared in {prepare_seconds * 1000:.0f} ms, "
        f"one commit {statistics.median(seconds[2:]) * 1000:.0f} ms"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--dsn")
    options = parser.parse_args()
    if options.dsn:
        await run_all(options.dsn, options)
        return
    with tempfile.TemporaryDirectory() as directory:
        async with EmbeddedPostgres(Path(directory), 0) as server:
            await run_all(server.dsn, options)


async def run_all(dsn: str, options: argparse.Namespace) -> None:
    sizes = {"rows": options.rows, "seconds": options.seconds}
    await compare(dsn, "append", keys=None, **sizes)
    await compare(dsn, "upsert, 1,000,000 keys", keys=1_000_000, **sizes)
    await compare(dsn, "upsert, 1,000 keys", keys=1000, **sizes)
    for flows in (1, 10, 100, 200):
        await many_flows(dsn, flows, 10)


if __name__ == "__main__":
    asyncio.run(main())
