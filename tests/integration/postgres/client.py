"""A process that delivers until a test kills it."""

import asyncio
from multiprocessing.connection import Connection

from eventer.core.model import JsonValue, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, shape

OF = shape(n="bigint", word="text")
FLOWS = (flow("keyed", OF, key=("n",), generator=1), flow("appended", OF, generator=2))
_BATCH = 50


def event(n: int) -> dict[str, JsonValue]:
    return {"n": n, "word": f"event {n}"}


def events(first: int, count: int) -> list[JsonValue]:
    return [event(n) for n in range(first, first + count)]


def delivery(to: Flow, first: int, count: int) -> Delivery:
    return Delivery(to, (batch_of(first, events(first, count)),))


def main(dsn: str, step: int, said: Connection) -> None:
    """Delivers for ever.

    If `step` is not 0, it stops within its third transaction after that many statements, sends a
    message, and waits.
    """
    asyncio.run(_deliver(dsn, step, said))


async def _deliver(dsn: str, step: int, said: Connection) -> None:
    async with Writer(dsn) as writer:
        found = await writer.connection.positions([to.key for to in FLOWS])
        at = {to.key: found[to.key].next if to.key in found else 0 for to in FLOWS}
        for number in range(1, 10**9):
            if number == 3 and step:
                _stop_after(writer, step, said)
            at = await _round(writer, at)


async def _round(writer: Writer, at: dict[PositionKey, int]) -> dict[PositionKey, int]:
    outcome = await writer.connection.deliver([delivery(to, at[to.key], _BATCH) for to in FLOWS])
    return {key: position.next for key, position in outcome.committed.items()}


def _stop_after(writer: Writer, step: int, said: Connection) -> None:
    """Counts the statements of the transaction, and stops after the result of the last one."""
    client = writer.connection._session.client
    left = step

    def counting(call):
        async def counted(*arguments, **options):
            nonlocal left
            result = await call(*arguments, **options)
            left -= 1
            if left == 0:
                said.send("stopped")
                await asyncio.sleep(3600)
            return result

        return counted

    owner = writer.connection._session.owner
    owner._client = owner._positions._client = _Counted(client, counting)


class _Counted:
    def __init__(self, client, counting) -> None:
        self._client = client
        self._counting = counting

    def __getattr__(self, name: str):
        value = getattr(self._client, name)
        return self._counting(value) if name in {"execute", "copy_to_table"} else value
