"""After a kill during a write, acknowledged changes exist completely."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace

from eventer.registry.sqlite import SqliteRegistry
from eventer.testing.registry_conformance import sample_record

ADDER = """
import asyncio, sys
from pathlib import Path
from eventer.registry.base import Add
from eventer.registry.sqlite import SqliteRegistry
from eventer.testing.registry_conformance import sample_record

async def main():
    registry = await SqliteRegistry.open(Path(sys.argv[1]))
    for first in range(int(sys.argv[2]), 10**9, 5):
        await registry.apply([Add(sample_record(first + i)) for i in range(5)])
        print(first, flush=True)

asyncio.run(main())
"""


def add_until_killed(path, start):
    """Adds groups of five generators in a process, kills it, returns the acknowledged groups."""
    process = subprocess.Popen(
        [sys.executable, "-c", ADDER, path, str(start)], stdout=subprocess.PIPE, text=True
    )
    with process:
        acknowledged = [int(process.stdout.readline()) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == -signal.SIGKILL
    return acknowledged


async def test_a_kill_during_adds_loses_and_splits_no_request(tmp_path):
    path, acknowledged = tmp_path / "registry.sqlite", []
    for start in (0, 1_000_000, 2_000_000):
        acknowledged += await asyncio.to_thread(add_until_killed, path, start)
    async with await SqliteRegistry.open(path) as registry:
        ids = {record.id for record in await registry.all()}
        assert {first + i for first in acknowledged for i in range(5)} <= ids
        for first in {id_ - id_ % 5 for id_ in ids}:
            assert {first + i for i in range(5)} <= ids
        record = (await registry.get([0]))[0]
        assert replace(record, failure=None) == sample_record(0, failure=None)
