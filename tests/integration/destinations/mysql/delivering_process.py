"""Delivers events of one generator to a table, transaction by transaction, until it is killed."""

import asyncio
import sys

from eventer.core.model import PositionKey
from eventer.destinations.base import Flow
from eventer.destinations.mysql.connection import MysqlConnection
from eventer.destinations.mysql.settings import MysqlSettings
from eventer.destinations.mysql.target import MysqlTarget
from eventer.testing.destination_scenario import SHAPE, delivery_of

KEY = PositionKey(1, 1, 0)
FLOW = Flow(KEY, MysqlTarget("t"), SHAPE)


async def deliver(dsn: str, size: int) -> None:
    """Delivers from the committed position on; prints each position."""
    connection = MysqlConnection(MysqlSettings(dsn), cluster=1, shard=0)
    await connection.open()
    found = (await connection.positions([KEY])).get(KEY)
    at = 0 if found is None else found.next
    print(at, flush=True)
    await connection.prepare(FLOW)
    while True:
        await connection.deliver([delivery_of(FLOW, at, size, size // 2)])
        at += size + size // 2
        print(at, flush=True)


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], int(sys.argv[2])))
