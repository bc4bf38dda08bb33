"""Locks by generator id: exclusive, without deadlocks."""

import asyncio

from eventer.service.locks import Locks
from tests.waiting import DEADLINE_S


async def test_a_held_lock_keeps_others_out() -> None:
    locks, order = Locks(), []
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with locks.hold([1, 2]):
            order.append("first in")
            inside.set()
            await go_on.wait()
            order.append("first out")

    async def second() -> None:
        await inside.wait()
        async with locks.hold([2, 3]):
            order.append("second")

    async def other() -> None:
        await inside.wait()
        async with locks.hold([4]):
            order.append("other")
            go_on.set()

    await asyncio.gather(first(), second(), other())
    assert order == ["first in", "other", "first out", "second"]


async def test_orders_do_not_deadlock_and_nothing_is_kept() -> None:
    locks = Locks()

    async def hold(ids: list[int]) -> None:
        async with locks.hold(ids):
            await asyncio.sleep(0)

    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*(hold([i % 3, (i + 1) % 3, i % 2]) for i in range(50)))
    assert locks._locks == {}
