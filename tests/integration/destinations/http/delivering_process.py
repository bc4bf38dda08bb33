"""Delivers events of one generator to an HTTP server until it is killed."""

import asyncio
import sys
from pathlib import Path

from eventer.core.model import PositionKey
from eventer.destinations.base import Flow
from eventer.destinations.http.connection import HttpConnection
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.http.target import HttpTarget
from eventer.destinations.position_log import PositionLog
from eventer.testing.destination_scenario import SHAPE, delivery_of
from tests.waiting import DEADLINE_S

KEY = PositionKey(1, 1, 0)
FLOW = Flow(KEY, HttpTarget("t"), SHAPE)


def connection_to(url: str, folder: Path, **settings) -> HttpConnection:
    """The connection of the only shard."""
    log = PositionLog.of_shard(folder, 1, "http", 0)
    return HttpConnection(HttpSettings(url, timeout=DEADLINE_S, **settings), log)


async def deliver(url: str, folder: Path, size: int) -> None:
    """Delivers from the committed position on; prints each position once it is committed."""
    connection = connection_to(url, folder, batch_events=50)
    await connection.open()
    found = (await connection.positions([KEY])).get(KEY)
    at = 0 if found is None else found.next
    print(at, flush=True)
    while True:
        await connection.deliver([delivery_of(FLOW, at, size, size // 2)])
        at += size + size // 2
        print(at, flush=True)


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
