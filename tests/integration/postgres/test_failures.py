"""Whatever dies in the middle: nothing lost, nothing twice; the position says where to go on."""

import asyncio
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from eventer.core.errors import (
    DestinationError,
    DestinationUnavailableError,
    FencedError,
    PositionLostError,
    UnknownOutcomeError,
)
from eventer.core.model import PositionKey
from eventer.destinations.base import Flow
from eventer.testing.batches import batch_of
from tests.integration.postgres import client as client_program
from tests.integration.postgres.client import FLOWS, event, events
from tests.integration.postgres.harness import CLUSTER, Writer, flow, shape
from tests.postgres_server.server import Database, TestServer

pytestmark = pytest.mark.postgres


COMMIT_STEP = 8
"""The client's third transaction has two flows, and is committed by its eighth statement."""


def whole(database: Database, flow: Flow) -> int:
    """How many events a flow's table holds: exactly the first ones, each once and unchanged."""
    table = flow.target.table
    rows = database.rows(f"SELECT n, word FROM {table} ORDER BY n")
    assert rows == [tuple(event(n).values()) for n in range(len(rows))]
    position = database.value(
        "SELECT next FROM eventer.position WHERE generator = %s AND incarnation = 0",
        flow.key.generator,
    )
    assert position == len(rows)
    return len(rows)


def started_client(database: Database, *, stop_after: int | None = None) -> subprocess.Popen:
    program = [sys.executable, "-m", client_program.__name__, database.dsn, str(stop_after or 0)]
    root = Path(client_program.__file__).parents[3]
    return subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=root)


@pytest.mark.parametrize("moment", range(1, 10))
async def test_kill_9_between_copy_and_commit(database: Database, moment: int) -> None:
    """The client stops itself after a given step of its third transaction, and is killed there."""
    process = started_client(database, stop_after=moment)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said == "stopped\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([one.key for one in FLOWS])
        assert {position.next for position in found.values()} == {
            100 if moment < COMMIT_STEP else 150
        }
        await finish(writer, database)


async def finish(writer: Writer, database: Database, until: int = 600) -> None:
    """Goes on from the positions, and checks the whole."""
    found = await writer.connection.positions([flow.key for flow in FLOWS])
    for one in FLOWS:
        first = found[one.key].next if one.key in found else 0
        if first:
            assert whole(database, one) == first
        await writer.connection.deliver([client_program.delivery(one, first, until - first)])
        assert whole(database, one) == until


async def test_kill_9_at_any_time(database: Database) -> None:
    await killed(database, 20)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_kill_9_many_times(database: Database) -> None:
    await killed(database, 200)


async def killed(database: Database, kills: int) -> None:
    """Clients one after the other, each killed while it delivers; one in five beside the next."""
    rng = random.Random(7)
    old: list[subprocess.Popen] = []
    for number in range(kills):
        process = await asyncio.to_thread(delivering_client, database)
        await asyncio.sleep(rng.uniform(0.02, 0.4))
        if number % 5 != 4:
            end(process)
        else:
            old.append(process)
    async with Writer(database.dsn) as writer:
        await writer.connection.positions([one.key for one in FLOWS])
        for process in old:
            end(process)
    await check_all(database)


def delivering_client(database: Database) -> subprocess.Popen:
    """A client that owns the shard: it has taken it from whoever had it."""
    epoch = "SELECT coalesce(max(epoch), 0) FROM eventer.shard"
    known = database.value("SELECT to_regclass('eventer.shard') IS NOT NULL")
    before = database.value(epoch) if known else 0
    process = started_client(database)
    while True:
        if not known:
            known = database.value("SELECT to_regclass('eventer.shard') IS NOT NULL")
        elif database.value(epoch) > before:
            return process
        assert process.poll() is None
        time.sleep(0.01)


def end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_terminated_session_loses_nothing(database: Database) -> None:
    """pg_terminate_backend at any time."""
    disturbed(database, lambda: terminate_all(database), times=20, pause=0.02)


@pytest.mark.slow
def test_many_terminated_sessions_lose_nothing(database: Database) -> None:
    disturbed(database, lambda: terminate_all(database), times=100, pause=0.1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_server_that_crashes_many_times_loses_nothing(
    own_postgres: Callable[..., TestServer],
) -> None:
    server = own_postgres()

    def crash() -> None:
        server.crash()
        server.start()

    disturbed(Database(server.dsn(), server), crash, times=20, pause=0.3)


async def test_two_services_share_a_table_and_neither_fences_the_other(
    database: Database,
) -> None:
    """The same generator of two services: each has its own epoch and position."""
    to = flow("t", shape(n="bigint"))
    other = replace(to, key=PositionKey(1, to.key.generator, to.key.incarnation))
    async with Writer(database.dsn) as one, Writer(database.dsn, cluster=1) as two:
        for n in range(20):
            await one.send(to, [{"n": n}])
            await two.send(other, [{"n": n}])
    rows = database.rows("SELECT n, count(*) FROM t GROUP BY n ORDER BY n")
    assert rows == [(n, 2) for n in range(20)]
    assert database.value("SELECT count(*) FROM eventer.position WHERE next = 20") == 2


def terminate_all(database: Database) -> None:
    database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'eventer' AND datname = current_database()"
    )


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_a_crashed_server_loses_nothing(
    own_postgres: Callable[..., TestServer], number: signal.Signals
) -> None:
    """Immediate shutdown and kill -9 of the server, three times each, while delivering."""
    server = own_postgres()

    def crash() -> None:
        server.crash(number)
        server.start()

    disturbed(Database(server.dsn(), server), crash, times=3, pause=0.3)


def disturbed(database: Database, disturb: Callable[[], None], *, times: int, pause: float) -> None:
    """Disturbs while a thread delivers; not the other way: a server dies with its thread."""
    errors: list[DestinationError] = []
    begun, done = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        delivering = thread.submit(asyncio.run, deliver_anyway(database, begun, done, errors))
        try:
            assert begun.wait(30)
            for _ in range(times):
                time.sleep(pause)
                disturb()
        finally:
            done.set()
        delivering.result()
    assert errors
    assert all(error.transient for error in errors)
    asyncio.run(check_all(database))


async def deliver_anyway(
    database: Database,
    begun: threading.Event,
    done: threading.Event,
    errors: list[DestinationError],
) -> None:
    """Delivers as a runner would: after each error a new connection, from its positions."""
    while not done.is_set():
        try:
            async with Writer(database.dsn) as writer:
                await deliver_until(writer, begun, done)
        except (DestinationUnavailableError, UnknownOutcomeError) as error:
            errors.append(error)
            await asyncio.sleep(0.02)


async def deliver_until(writer: Writer, begun: threading.Event, done: threading.Event) -> None:
    found = await writer.connection.positions([one.key for one in FLOWS])
    at = {one.key: found[one.key].next if one.key in found else 0 for one in FLOWS}
    while not done.is_set():
        deliveries = [client_program.delivery(one, at[one.key], 50) for one in FLOWS]
        outcome = await writer.connection.deliver(deliveries)
        begun.set()
        assert outcome.rejected == {}
        at = {key: position.next for key, position in outcome.committed.items()}


async def check_all(database: Database) -> None:
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([one.key for one in FLOWS])
        furthest = max([position.next for position in found.values()], default=0)
        await finish(writer, database, furthest + 50)


async def test_a_stuck_owner_is_ended(database: Database) -> None:
    """One that holds the shard in an open transaction, and will not wake up."""
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as stuck:
        await stuck.send(to, [{"n": 0}])
        await stuck.connection._session.owner._begin()
        async with Writer(database.dsn) as next_owner:
            found = await next_owner.connection.positions([to.key])
            assert found[to.key].next == 1
            with pytest.raises((DestinationUnavailableError, FencedError)):
                await stuck.send(to, [{"n": 1}])


async def test_owners_of_other_connections_and_clusters_are_strangers(database: Database) -> None:
    to = flow("t", shape(n="bigint"))
    async with (
        Writer(database.dsn) as one,
        Writer(database.dsn, cluster=1),
        Writer(database.dsn, shard=1),
    ):
        await one.send(to, [{"n": 0}])
    assert database.value("SELECT count(*) FROM eventer.shard") == 3
    assert database.rows("SELECT cluster::text FROM eventer.position") == [(str(CLUSTER),)]


async def test_an_unusable_connection_is_reported(database: Database) -> None:
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"n": 0}])
        terminate_all(database)
        with pytest.raises(DestinationUnavailableError):
            await writer.send(to, [{"n": 1}])
        with pytest.raises(DestinationUnavailableError, match="open another"):
            await writer.send(to, [{"n": 1}])
    assert database.rows("SELECT n FROM t") == [(0,)]


async def test_closing_and_losing_a_session_logs_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Writer(database.dsn):
        pass
    async with Writer(database.dsn):
        terminate_all(database)
        await asyncio.sleep(0.2)
    await asyncio.sleep(0)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_session_lost_in_the_middle_of_a_large_copy_is_noticed_at_once(
    database: Database,
) -> None:
    """The table is locked, so the server reads nothing, and the client's buffers are full."""
    to = flow("t", shape(n="bigint", word="text"))
    batches = [[{"n": n, "word": "x" * 2_000} for n in range(2_000)] for _ in range(5)]
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"n": 0, "word": "first"}])
        with psycopg.connect(database.dsn) as other:
            other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
            sending = asyncio.create_task(writer.send(to, *batches))
            await asyncio.sleep(1)
            assert not sending.done()
            terminate_all(database)
            with pytest.raises(DestinationUnavailableError):
                async with asyncio.timeout(3):
                    await sending
    assert database.value("SELECT count(*) FROM t") == 1


async def test_lost_after_one_of_two_commits_is_unknown(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was committed before the loss is committed: the positions tell."""
    database.execute("CREATE TABLE bad (n bigint CHECK (n <> 0))")
    bad, fine = flow("bad", shape(n="bigint")), flow("t", shape(n="bigint"), generator=2)

    async def lost(*_: object) -> None:
        terminate_all(database)
        raise ConnectionResetError("gone")

    monkeypatch.setattr("eventer.destinations.postgres.encoded_delivery.find_rejected_row", lost)
    async with Writer(database.dsn) as writer:
        deliveries = [writer.delivery(to, [{"n": 0}]) for to in (bad, fine)]
        with pytest.raises(UnknownOutcomeError):
            await writer.connection.deliver(deliveries)
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([bad.key, fine.key])
        assert {key: at.next for key, at in found.items()} == {fine.key: 1}


async def test_a_cancelled_delivery_leaves_nothing(database: Database) -> None:
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.connection.prepare(to)
        with psycopg.connect(database.dsn) as holder:
            holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
            task = asyncio.create_task(writer.send(to, [{"n": 0}]))
            await asyncio.to_thread(wait_until_blocked, database)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert database.rows("SELECT n FROM t") == []
    async with Writer(database.dsn) as writer:
        assert await writer.connection.positions([to.key]) == {}


def wait_until_blocked(database: Database) -> None:
    while not database.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        time.sleep(0.01)


async def test_a_delivery_that_does_not_begin_at_the_position_is_refused(
    database: Database,
) -> None:
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"n": 0}, {"n": 1}])
        for first in (1, 3):
            delivery = client_program.Delivery(to, (batch_of(first, [{"n": first}]),))
            outcome = await writer.connection.deliver([delivery])
            assert isinstance(outcome.rejected[to.key], PositionLostError)
    assert database.rows("SELECT n FROM t") == [(0,), (1,)]


async def test_positions_that_were_removed_are_made_again(database: Database) -> None:
    """An operator dropped the schema: the connection is spent, the next one begins anew."""
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"n": 0}])
        database.execute("DROP SCHEMA eventer CASCADE")
        with pytest.raises(DestinationUnavailableError):
            await writer.send(to, [{"n": 1}])
    async with Writer(database.dsn) as writer:
        assert await writer.connection.positions([to.key]) == {}
    assert database.rows("SELECT n FROM t") == [(0,)]


def test_the_events_of_both_programs_are_the_same() -> None:
    assert events(3, 2) == [event(3), event(4)]
