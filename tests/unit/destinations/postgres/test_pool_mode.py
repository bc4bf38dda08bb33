"""A session must keep its server process. Real pools: integration/postgres/test_session.py."""

import asyncio
from contextlib import nullcontext

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.pool_mode import require_own_process


class Transaction:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None


class Client:
    """A session whose transactions have these server processes, one after the other."""

    def __init__(self, announced, *processes):
        self._announced, self._processes = announced, iter(processes)
        self.terminated = False

    def get_server_pid(self):
        return self._announced

    def transaction(self):
        return Transaction()

    async def fetchval(self, _):
        return next(self._processes)

    def terminate(self):
        self.terminated = True


@pytest.mark.parametrize(
    ("client", "other", "refused"),
    [
        (Client(7, 7), None, False),
        (Client(1, 7, 7), Client(2, 8), False),
        (Client(1, 7), Client(2, 7), True),
        (Client(1, 7, 9), Client(2, 8), True),
        (Client(1, 7), TimeoutError(), False),
    ],
    ids=["server", "own process", "shared process", "other process", "full pool"],
)
def test_a_session_keeps_its_process(client, other, refused):
    async def connect():
        if isinstance(other, Exception):
            raise other
        assert other is not None, "a server itself is not asked again"
        return other

    with pytest.raises(DestinationRejectedError) if refused else nullcontext():
        asyncio.run(require_own_process(client, connect, "db/x"))
    assert not isinstance(other, Client) or other.terminated
