"""Delivers events of one generator to files, part by part, until it is killed."""

import asyncio
import sys
from pathlib import Path

from eventer.core.model import FileTarget, PositionKey
from eventer.destinations.base import Flow
from eventer.destinations.file.connection import FileConnection
from eventer.destinations.file.settings import FileSettings
from eventer.testing.destination_scenario import SHAPE, delivery_of

KEY = PositionKey(1, 1, 0)


def flow_of(file_format: str) -> Flow:
    """The flow that all processes deliver."""
    target = FileTarget("t", format=file_format, partition_by=("dt={date}",))
    return Flow(KEY, target, SHAPE)


async def deliver(root: Path, flow: Flow, size: int) -> None:
    """Delivers from the committed position on; prints it once it is known."""
    connection = FileConnection(FileSettings(root), name="file", cluster=1, shard=0)
    await connection.open()
    found = (await connection.positions([KEY])).get(KEY)
    at = 0 if found is None else found.next
    print(at, flush=True)
    await connection.prepare(flow)
    while True:
        await connection.deliver([delivery_of(flow, at, size, size // 2)])
        at += size + size // 2
        print(at, flush=True)


if __name__ == "__main__":
    asyncio.run(deliver(Path(sys.argv[1]), flow_of(sys.argv[2]), int(sys.argv[3])))
