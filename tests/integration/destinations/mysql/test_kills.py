"""After `kill -9` at any point, each event before the position is in the table exactly once."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eventer.core.model import Position
from eventer.testing.destination_scenario import events
from tests.integration.destinations.mysql.delivering_process import FLOW, KEY, deliver
from tests.integration.destinations.mysql.harness import MysqlHarness


@contextmanager
def delivering(dsn: str, size: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", deliver.__module__, dsn, str(size)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


async def committed(harness: MysqlHarness) -> int:
    """The position that the next owner reads: it waits for the transaction of the killed one."""
    connection = harness.connection(1)
    await connection.open()
    position = (await connection.positions([KEY])).get(KEY, Position())
    await connection.close()
    return position.next


async def kill_often(dsn: str, kills: int, seed: int) -> None:
    harness, rng, total = MysqlHarness(dsn), random.Random(seed), 0
    for _ in range(kills):
        with delivering(dsn, rng.choice([3, 200, 2_000])) as process:
            assert int(process.stdout.readline()) == total
            for _ in range(rng.randint(1, 4)):
                process.stdout.readline()
            await asyncio.sleep(rng.random() * 0.05)
        total = await committed(harness)
        assert list(await harness.read(FLOW.target)) == events(0, total)
    assert total > 0


async def test_a_killed_process_loses_and_repeats_nothing(mysql_dsn):
    await kill_often(mysql_dsn, 2, seed=1)


@pytest.mark.slow
async def test_many_killed_processes_lose_and_repeat_nothing(mysql_dsn):
    await kill_often(mysql_dsn, 20, seed=2)
