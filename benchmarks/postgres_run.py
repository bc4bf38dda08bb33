"""`eventer run --postgres` and its limit: `python -m benchmarks.postgres_run [--rounds 7]`.

Eventer runs the whole command: new random events of the contract's template into a table. The limit
is a bare loop of the same transactions in a separate process: COPY of prepared bytes, the same
INSERT, COMMIT, with the same number of events per transaction. They run in turns, each with its own
table. Rates use wall-clock time, starting after the connection.
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
    StagingTables,
    execute_write_sql,
    staging_name,
)
from eventer.kernels.pgcopy.copy_stream import pieces
from eventer.plan.engine import EventContext
from eventer.plan.prepare import PreparedTemplate, prepare

BATCH = 10_000
PREPARED = 6
"""The number of prepared transactions; the loop repeats them."""
AT = 1_767_225_600_000_000_000
FLOW = 0
"""The number of the flow of the bare loop, which staged rows have."""


def templates() -> dict[str, str]:
    """The contract's template without `id` (append) and with different ranges of `id` (upsert)."""
    text, line = CONTRACT.read_text("utf-8"), "    id: get_integer(1, 1000),\n"
    assert line in text
    return {
        "append": text.replace(line, ""),
        "upsert, 1,000,000 keys": text.replace(line, line.replace("1000", "1000000")),
        "upsert, 1,000 keys": text,
    }


# --- the limit, in a separate process -------------------------------------------------------------


async def bare_loop(
    dsn: str, prepared: PreparedTemplate, batches: int, seconds: float, *, repeated: bool
) -> float:
    """Runs transactions of `batches` batches; returns events per second."""
    mapping = await prepared_mapping(
        dsn, Flow(PositionKey(1, 1, 0), PostgresTarget("bare"), prepared.shape)
    )
    # If a transaction repeats keys, Eventer copies only the last row of each key. The loop does not
    # do that: it copies and inserts batch by batch.
    single_copy = mapping.direct or not repeated
    sources = [
        [
            stream(mapping, part)
            for part in ([group] if single_copy else [[batch] for batch in group])
        ]
        for group in transactions(prepared, batches, PREPARED)
    ]
    client = await asyncpg.connect(dsn)
    staging_table = ""
    if not mapping.direct:
        staging_table = staging_name(await StagingTables(client).join(mapping, FLOW))
    sent, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        await commit(client, mapping, staging_table, sources[sent % len(sources)])
        sent += 1
    rate = sent * batches * BATCH / (time.perf_counter() - started)
    await client.close()
    return rate


async def prepared_mapping(dsn: str, flow: Flow) -> TableMapping:
    """Creates the table; returns the mapping that both sides use."""
    connection = PostgresConnection(PostgresSettings(dsn), cluster=time.time_ns(), shard=0)
    await connection.open()
    await connection.prepare(flow)
    assert connection._session is not None  # noqa: SLF001
    mapping = (await connection._session.flows.ready(flow, ())).mapping  # noqa: SLF001
    await connection.close()
    return mapping


def transactions(prepared: PreparedTemplate, batches: int, count: int) -> Iterator[list[Batch]]:
    """Yields `count` groups of `batches` batches of consecutive events."""
    engine = prepared.engine(Stream(7), EventContext())
    times = np.full(BATCH, AT, dtype=np.int64)
    index = 0
    for _ in range(count):
        group: list[Batch] = []
        end = index + batches * BATCH
        while index < end:
            group.append(engine.generate(index, times[: end - index]))
            index = group[-1].next
        yield group


def stream(mapping: TableMapping, batches: list[Batch]) -> Any:
    """The bytes of one COPY."""
    encoded = encode(mapping, batches, FLOW)
    return (
        np.concatenate([*pieces(encoded.direct())]) if mapping.direct else encoded.staged_stream()
    ).data


async def commit(
    client: asyncpg.Connection, mapping: TableMapping, staging_table: str, sources: list[Any]
) -> None:
    """Runs one transaction."""
    names = [column.name for column in mapping.columns]
    await client.execute("BEGIN")
    for source in sources:
        if mapping.direct:
            await client.copy_to_table(
                mapping.table.name, columns=names, source=source, format="binary"
            )
            continue
        await client.copy_to_table(staging_table, source=source, format="binary")
        await client.execute(execute_write_sql(mapping, FLOW))
        if len(sources) > 1:
            await client.execute(f"TRUNCATE {staging_table}")
    await client.execute("COMMIT")


def limit_turn(dsn: str, template: Path, batches: int, seconds: float, *, repeated: bool) -> Turn:
    def turn() -> float:
        module = [sys.executable, "-m", "benchmarks.postgres_run", "--bare", str(template)]
        sizes = ["--dsn", dsn, "--batches", str(batches), "--seconds", str(seconds)]
        flags = ["--repeated"] * repeated
        rate = float(subprocess.check_output([*module, *sizes, *flags], cwd=ROOT, text=True))
        asyncio.run(drop_table(dsn, "bare"))
        return rate

    return turn


# --- Eventer --------------------------------------------------------------------------------------


def eventer_turn(dsn: str, template: Path, seconds: float) -> Turn:
    def turn() -> float:
        rate = asyncio.run(run_rate(dsn, template, seconds))
        asyncio.run(drop_table(dsn, "eventer_rows"))
        return rate

    return turn


async def run_rate(dsn: str, template: Path, seconds: float) -> float:
    """Events per second of a run, measured for `seconds` after its first events."""
    arguments = ["--postgres", "eventer_rows", "--seed", "7", "--json"]
    client = await asyncpg.connect(dsn)
    first_position = await position(client)
    child = await asyncio.create_subprocess_exec(
        *[*EVENTER, "run", str(template), *arguments],
        cwd=ROOT,
        env={**os.environ, "EVENTER_POSTGRES__DSN": dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    while not (before := await position(client) - first_position):  # noqa: ASYNC110  a table cannot notify
        await asyncio.sleep(0.02)
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    summary: dict[str, float] = json.loads(await child.stdout.readline())
    elapsed = time.perf_counter() - began
    await child.wait()
    await client.close()
    return (summary["events"] - before) / elapsed


async def position(client: asyncpg.Connection) -> int:
    """The number of events that all runs have delivered."""
    try:
        return int(await client.fetchval("SELECT coalesce(sum(next), 0) FROM eventer.position"))
    except asyncpg.UndefinedTableError:
        return 0


async def drop_table(dsn: str, table: str) -> None:
    client = await asyncpg.connect(dsn)
    await client.execute(f"DROP TABLE {table}")
    await client.close()


async def next_transaction_id(dsn: str) -> int:
    client = await asyncpg.connect(dsn)
    number = int(await client.fetchval("SELECT pg_current_xact_id()::text"))
    await client.close()
    return number


def batches_per_commit(dsn: str, template: Path, seconds: float) -> int:
    """The number of batches per commit; each commit uses two ids, one for its savepoint."""
    before = asyncio.run(next_transaction_id(dsn))
    rate = asyncio.run(run_rate(dsn, template, seconds))
    commits = (asyncio.run(next_transaction_id(dsn)) - before) / 2
    asyncio.run(drop_table(dsn, "eventer_rows"))
    return max(1, round(rate * seconds / commits / BATCH))


@contextlib.contextmanager
def server(dsn: str | None) -> Iterator[str]:
    """The server at `dsn`; if None, a new server for the block."""
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
    parser.add_argument("--dsn", help="an existing server; default: start one")
    parser.add_argument("--seconds", type=float, default=8.0, help="duration of a turn")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of turns")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--repeated", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--batches", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        prepared = prepare(Template(options.bare.read_text("utf-8")))
        sizes = (options.batches, options.seconds)
        print(asyncio.run(bare_loop(options.dsn, prepared, *sizes, repeated=options.repeated)))
        return
    with server(options.dsn) as dsn, tempfile.TemporaryDirectory() as directory:
        for title, text in templates().items():
            template = Path(directory) / "template.jsonnet"
            template.write_text(text, "utf-8")
            batches = batches_per_commit(dsn, template, options.seconds)
            print(f"{title}: {batches * BATCH:,} events per transaction")
            eventer = eventer_turn(dsn, template, options.seconds)
            limit = limit_turn(dsn, template, batches, options.seconds, repeated="1,000 " in title)
            report(f"run --postgres, {title}", list(pairs(eventer, limit, options.rounds)))


if __name__ == "__main__":
    main()
