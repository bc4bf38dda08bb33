"""Failures at any moment lose and duplicate no event; delivery continues at the position."""

import asyncio
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import asyncpg
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
from tests.forkserver import forkserver
from tests.integration.postgres import client as client_program
from tests.integration.postgres.client import FLOWS, event, events
from tests.integration.postgres.harness import CLUSTER, Writer, flow, shape
from tests.postgres_server.databases import Database
from tests.postgres_server.server import TestServer
from tests.waiting import DEADLINE_S, wait_until, wait_until_async

pytestmark = pytest.mark.postgres


COMMIT_STEP = 8
"""The eighth statement of the client's third transaction, which has two flows, commits it."""
MOMENTS = (1, 4, COMMIT_STEP - 1, COMMIT_STEP)
"""The statements after which the client is killed in the default tests."""


def whole(database: Database, flow: Flow) -> int:
    """Checks that a flow's table has exactly the first events, unchanged; returns their number."""
    table = flow.target.table
    rows = database.rows(f"SELECT n, word FROM {table} ORDER BY n")
    assert rows == [tuple(event(n).values()) for n in range(len(rows))]
    position = database.value(
        "SELECT next FROM eventer.position WHERE generator = %s AND incarnation = 0",
        flow.key.generator,
    )
    assert position == len(rows)
    return len(rows)


class Client:
    """A process that delivers."""

    def __init__(self, database: Database, *, stop_after: int = 0) -> None:
        self._heard, said = forkserver().Pipe(duplex=False)
        arguments = (database.dsn, stop_after, said)
        self._process = forkserver().Process(target=client_program.main, args=arguments)
        self._process.start()
        said.close()

    def hears(self) -> str:
        """The next message of the process."""
        assert self._heard.poll(DEADLINE_S)
        return self._heard.recv()

    def runs(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._heard.close()


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(step, marks=[] if step in MOMENTS else pytest.mark.slow)
        for step in range(1, 10)
    ],
)
async def test_kill_9_between_copy_and_commit(database: Database, moment: int) -> None:
    """The client stops after a step of its third transaction, and is killed."""
    client = Client(database, stop_after=moment)
    assert client.hears() == "stopped"
    client.kill()
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([one.key for one in FLOWS])
        assert {position.next for position in found.values()} == {
            100 if moment < COMMIT_STEP else 150
        }
        await finish(writer, database)


async def finish(writer: Writer, database: Database, until: int = 600) -> None:
    """Continues at the positions, and checks the complete table."""
    found = await writer.connection.positions([flow.key for flow in FLOWS])
    for one in FLOWS:
        first = found[one.key].next if one.key in found else 0
        if first:
            assert whole(database, one) == first
        await writer.connection.deliver([client_program.delivery(one, first, until - first)])
        assert whole(database, one) == until


async def test_kill_9_at_any_time(database: Database) -> None:
    await killed(database, 5)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_kill_9_many_times(database: Database) -> None:
    await killed(database, 200)


async def killed(database: Database, kills: int) -> None:
    """Kills clients while they deliver; one in five runs beside the next one."""
    rng = random.Random(7)
    old: list[Client] = []
    for number in range(kills):
        client = await asyncio.to_thread(delivering_client, database)
        await asyncio.sleep(rng.uniform(0.02, 0.4))
        if number % 5 != 4:
            client.kill()
        else:
            old.append(client)
    async with Writer(database.dsn) as writer:
        await writer.connection.positions([one.key for one in FLOWS])
        for client in old:
            client.kill()
    await check_all(database)


def delivering_client(database: Database) -> Client:
    """A client that has taken over the shard."""
    before = epoch(database)
    client = Client(database)
    wait_until(lambda: epoch(database) > before or not client.runs())
    assert client.runs()
    return client


def epoch(database: Database) -> int:
    """The epoch of the latest owner."""
    if not database.value("SELECT to_regclass('eventer.shard') IS NOT NULL"):
        return 0
    return database.value("SELECT coalesce(max(epoch), 0) FROM eventer.shard")


def test_a_terminated_session_loses_nothing(database: Database) -> None:
    """pg_terminate_backend at any time."""
    disturbed(database, [lambda: terminate_all(database)] * 10, pause=0.02)


@pytest.mark.slow
def test_many_terminated_sessions_lose_nothing(database: Database) -> None:
    disturbed(database, [lambda: terminate_all(database)] * 100, pause=0.1)


def test_a_crashed_server_loses_nothing(own_postgres: Callable[..., TestServer]) -> None:
    """Immediate shutdown and kill -9 of the server during delivery."""
    crashed(own_postgres(), [signal.SIGQUIT, signal.SIGKILL])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_server_that_crashes_many_times_loses_nothing(
    own_postgres: Callable[..., TestServer],
) -> None:
    crashed(own_postgres(), [signal.SIGQUIT, signal.SIGKILL] * 13)


def crashed(server: TestServer, numbers: Sequence[signal.Signals]) -> None:
    def crash(number: signal.Signals) -> None:
        server.crash(number)
        server.start()

    database = Database(server.server_dsn)
    disturbed(database, [partial(crash, number) for number in numbers], pause=0.3)


async def test_two_services_share_a_table_and_neither_fences_the_other(
    database: Database,
) -> None:
    """Each service has its own epoch, and its own position of the same generator."""
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


def disturbed(
    database: Database, disturbances: Sequence[Callable[[], None]], *, pause: float
) -> None:
    """Disturbs while another thread delivers; a server ends with the thread that started it.

    Every other time it disturbs during a delivery, else perhaps while the thread connects.
    """
    errors: list[DestinationError] = []
    begun, done = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        delivering = thread.submit(asyncio.run, deliver_anyway(database, begun, done, errors))
        try:
            for number, disturb in enumerate(disturbances):
                if number % 2 == 0:
                    begun.clear()
                    assert begun.wait(DEADLINE_S)
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
    """Delivers as a runner does: after an error, a new connection continues at its positions."""
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


async def test_the_session_of_a_stuck_owner_is_terminated(database: Database) -> None:
    """The owner keeps the shard locked in an open transaction, and does not respond."""
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as stuck:
        await stuck.send(to, [{"n": 0}])
        await stuck.connection._session.owner._begin()
        async with Writer(database.dsn) as next_owner:
            found = await next_owner.connection.positions([to.key])
            assert found[to.key].next == 1
            with pytest.raises((DestinationUnavailableError, FencedError)):
                await stuck.send(to, [{"n": 1}])


async def test_owners_of_other_connections_and_clusters_are_independent(database: Database) -> None:
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
        with pytest.raises(DestinationUnavailableError, match="is closed"):
            await writer.send(to, [{"n": 1}])
    assert database.rows("SELECT n FROM t") == [(0,)]


async def test_closing_and_losing_a_session_logs_nothing(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Writer(database.dsn):
        pass
    async with Writer(database.dsn) as writer:
        lost = writer.connection._session.client
        terminate_all(database)
        await wait_until_async(partial(closed, lost))
    await asyncio.sleep(0)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def closed(client: asyncpg.Connection) -> bool:
    return client.is_closed()


async def test_a_session_lost_in_the_middle_of_a_large_copy_is_noticed(
    database: Database,
) -> None:
    """The table is locked, so the server does not read and the client's buffers are full."""
    to = flow("t", shape(n="bigint", word="text"))
    batches = [[{"n": n, "word": "x" * 2_000} for n in range(2_000)] for _ in range(5)]
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"n": 0, "word": "first"}])
        with psycopg.connect(database.dsn) as other:
            other.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
            sending = asyncio.create_task(writer.send(to, *batches))
            await asyncio.to_thread(wait_until_blocked, database)
            await wait_until_async(partial(full, writer.connection._session.client))
            assert not sending.done()
            terminate_all(database)
            # At the client's own timeout, after minutes, it is another error.
            with pytest.raises(DestinationUnavailableError, match=r"terminat|closed"):
                await sending
    assert database.value("SELECT count(*) FROM t") == 1


async def full(client: asyncpg.Connection) -> bool:
    """Whether the client waits until it can write."""
    transport = client._transport
    return transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]


async def test_a_loss_after_one_of_two_commits_has_an_unknown_outcome(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positions show the commit before the loss."""
    database.execute("CREATE TABLE bad (n bigint CHECK (n <> 0))")
    bad, fine = flow("bad", shape(n="bigint")), flow("t", shape(n="bigint"), generator=2)

    async def lost(*_: object) -> None:
        terminate_all(database)
        raise ConnectionResetError("gone")

    monkeypatch.setattr("eventer.destinations.postgres.find_rejected_row._find_rejected_row", lost)
    async with Writer(database.dsn) as writer:
        deliveries = [writer.delivery(to, [{"n": 0}]) for to in (bad, fine)]
        with pytest.raises(UnknownOutcomeError):
            await writer.connection.deliver(deliveries)
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([bad.key, fine.key])
        assert {key: at.next for key, at in found.items()} == {fine.key: 1}


async def test_a_cancelled_delivery_commits_nothing(database: Database) -> None:
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
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE NOT granted AND datname = current_database()"
    )
    wait_until(lambda: database.value(query))


async def test_a_delivery_that_does_not_begin_at_the_position_is_rejected(
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


async def test_removed_positions_are_created_again(database: Database) -> None:
    """An operator dropped the schema: the connection is unusable, the next one starts at 0."""
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
