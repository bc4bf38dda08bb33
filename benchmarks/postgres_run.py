"""`eventer run --postgres` beside its limit: `python -m benchmarks.postgres_run [--rounds 7]`.

Ours is the whole command: fresh random events of the contract's template into a table. The limit
is a bare loop, in a process of its own, of the same transactions: COPY of bytes prepared beforehand
from events of that template, the same INSERT, COMMIT, with as many events a transaction as ours
has. Both have a table of their own and take turns. Rates are by the clock, from connecting on.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from benchmarks.turns import CONTRACT, EVENTER, ROOT, Turn, pairs, report
from eventer.core.batch import Batch
from eventer.core.model import PositionKey, PostgresTarget, Stream, Template
from eventer.destinations.base import Flow
from eventer.destinations.postgres.connection import PostgresConnection
from eventer.destinations.postgres.match_schema import TableMapping
from eventer.destinations.postgres.row_encoding import encode
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.destinations.postgres.staging_tables import (
    create_staging_table,
    insert_sql,
    staging_layout,
    staging_name,
)
from eventer.kernels.pgcopy.copy_stream import pieces
from eventer.plan.engine import EventContext
from eventer.plan.prepare import PreparedTemplate, prepare

BATCH = 10_000
PREPARED = 6
"""Transactions whose bytes are prepared; the loop begins again after them."""
AT = 1_767_225_600_000_000_000


def templates() -> dict[str, str]:
    """The contract's template by how its rows meet: appended, or upserted by an `id`."""
    text, line = CONTRACT.read_text("utf-8"), "    id: get_integer(1, 1000),\n"
    assert line in text
    return {
        "append": text.replace(line, ""),
        "upsert, 1,000,000 keys": text.replace(line, line.replace("1000", "1000000")),
        "upsert, 1,000 keys": text,
    }


# --- the limit, in a process of its own -----------------------------------------------------------


async def bare_loop(
    dsn: str, prepared: PreparedTemplate, batches: int, seconds: float, *, repeated: bool
) -> float:
    """Events a second of transactions of so many batches each."""
    mapping = await planned(dsn, Flow(PositionKey(1, 1, 0), PostgresTarget("bare"), prepared.shape))
    # Where a transaction has each key many times, ours copies the last row of each, which is no
    # limit: then the loop copies and inserts batch by batch.
    whole = mapping.direct or not repeated
    ready = [
        [stream(mapping, part) for part in ([made] if whole else [[each] for each in made])]
        for made in transactions(prepared, batches, PREPARED)
    ]
    client = await asyncpg.connect(dsn)
    if not mapping.direct:
        await client.execute(create_staging_table(staging_layout(mapping), 0))
        await client.execute(f"PREPARE bare AS {insert_sql(mapping, 0, 0)}")
    sent, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        await commit(client, mapping, ready[sent % len(ready)])
        sent += 1
    rate = sent * batches * BATCH / (time.perf_counter() - started)
    await client.close()
    return rate


async def planned(dsn: str, flow: Flow) -> TableMapping:
    """How the table, made here, is written to: what both sides share."""
    connection = PostgresConnection(PostgresSettings(dsn), cluster=time.time_ns(), shard=0)
    await connection.open()
    await connection.prepare(flow)
    assert connection._session is not None  # noqa: SLF001
    mapping = (await connection._session.flows.ready(flow, ())).mapping  # noqa: SLF001
    await connection.close()
    return mapping


def transactions(prepared: PreparedTemplate, batches: int, count: int) -> Iterator[list[Batch]]:
    """Consecutive events, so many batches at a time."""
    engine = prepared.engine(Stream(7), EventContext())
    times = np.full(BATCH, AT, dtype=np.int64)
    at = 0
    for _ in range(count):
        made: list[Batch] = []
        end = at + batches * BATCH
        while at < end:
            made.append(engine.generate(at, times[: end - at]))
            at = made[-1].next
        yield made


def stream(mapping: TableMapping, batches: list[Batch]) -> Any:
    """The bytes of a COPY."""
    encoded = encode(mapping, batches, 0)
    return (
        np.concatenate([*pieces(encoded.direct())]) if mapping.direct else encoded.staged_stream()
    ).data


async def commit(client: asyncpg.Connection, mapping: TableMapping, sources: list[Any]) -> None:
    """One transaction."""
    names = [column.name for column in mapping.columns]
    await client.execute("BEGIN")
    for source in sources:
        if mapping.direct:
            await client.copy_to_table(
                mapping.table.name, columns=names, source=source, format="binary"
            )
            continue
        await client.copy_to_table(staging_name(0), source=source, format="binary")
        await client.execute("EXECUTE bare")
        if len(sources) > 1:
            await client.execute(f"TRUNCATE {staging_name(0)}")
    await client.execute("COMMIT")


def limit(dsn: str, template: Path, batches: int, seconds: float, *, repeated: bool) -> Turn:
    def turn() -> float:
        module = [sys.executable, "-m", "benchmarks.postgres_run", "--bare", str(template)]
        sizes = ["--dsn", dsn, "--batches", str(batches), "--seconds", str(seconds)]
        flags = ["--repeated"] * repeated
        rate = float(subprocess.check_output([*module, *sizes, *flags], cwd=ROOT, text=True))
        asyncio.run(forget(dsn, "bare"))
        return rate

    return turn


# --- ours -----------------------------------------------------------------------------------------


def ours(dsn: str, template: Path, seconds: float) -> Turn:
    def turn() -> float:
        rate = asyncio.run(delivered(dsn, template, seconds))
        asyncio.run(forget(dsn, "ours"))
        return rate

    return turn


async def delivered(dsn: str, template: Path, seconds: float) -> float:
    """Events a second of a run that goes on for so long after its first events."""
    asked = ["--postgres", "ours", "--seed", "7", "--json"]
    client = await asyncpg.connect(dsn)
    already = await position(client)
    child = await asyncio.create_subprocess_exec(
        *[*EVENTER, "run", str(template), *asked],
        cwd=ROOT,
        env={**os.environ, "EVENTER_POSTGRES__DSN": dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    while not (before := await position(client) - already):  # noqa: ASYNC110  a table tells nobody
        await asyncio.sleep(0.02)
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    summary: dict[str, float] = json.loads(await child.stdout.readline())
    taken = time.perf_counter() - began
    await child.wait()
    await client.close()
    return (summary["events"] - before) / taken


async def position(client: asyncpg.Connection) -> int:
    """How many events all runs have delivered."""
    try:
        return int(await client.fetchval("SELECT coalesce(sum(next), 0) FROM eventer.position"))
    except asyncpg.UndefinedTableError:
        return 0


async def forget(dsn: str, table: str) -> None:
    client = await asyncpg.connect(dsn)
    await client.execute(f"DROP TABLE {table}")
    await client.close()


async def transaction_number(dsn: str) -> int:
    client = await asyncpg.connect(dsn)
    number = int(await client.fetchval("SELECT pg_current_xact_id()::text"))
    await client.close()
    return number


def batches_of_a_commit(dsn: str, template: Path, seconds: float) -> int:
    """How many batches ours puts into a transaction; it takes two numbers: a savepoint has one."""
    before = asyncio.run(transaction_number(dsn))
    rate = asyncio.run(delivered(dsn, template, seconds))
    commits = (asyncio.run(transaction_number(dsn)) - before) / 2
    asyncio.run(forget(dsn, "ours"))
    return max(1, round(rate * seconds / commits / BATCH))


@contextlib.contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """The server named, or one of our own for the time of the block."""
    if dsn:
        yield dsn
        return
    from tests.postgres_server.server import TestServer

    with tempfile.TemporaryDirectory() as directory:
        started = TestServer(Path(directory), max_wal_size="4GB")
        started.start()
        try:
            with started.fresh_database() as database:
                yield database.dsn
        finally:
            started.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dsn", help="an existing server; else one of our own")
    parser.add_argument("--seconds", type=float, default=8.0, help="each turn")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--repeated", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--batches", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.bare:
        prepared = prepare(Template(chosen.bare.read_text("utf-8")))
        sizes = (chosen.batches, chosen.seconds)
        print(asyncio.run(bare_loop(chosen.dsn, prepared, *sizes, repeated=chosen.repeated)))
        return
    with server(chosen.dsn) as dsn, tempfile.TemporaryDirectory() as directory:
        for what, text in templates().items():
            template = Path(directory) / "template.jsonnet"
            template.write_text(text, "utf-8")
            batches = batches_of_a_commit(dsn, template, chosen.seconds)
            print(f"{what}: {batches * BATCH:,} events a transaction")
            mine = ours(dsn, template, chosen.seconds)
            bare = limit(dsn, template, batches, chosen.seconds, repeated="1,000 " in what)
            report(f"run --postgres, {what}", list(pairs(mine, bare, chosen.rounds)))


if __name__ == "__main__":
    main()
