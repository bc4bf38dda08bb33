"""Locks by generator id: only one request at a time changes a generator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager


class Locks:
    """A lock for each id, which exists only while it is used."""

    def __init__(self) -> None:
        self._locks: dict[int, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, ids: Collection[int]) -> AsyncIterator[None]:
        """Holds the locks of all ids. Acquires them in order, which prevents deadlocks."""
        async with AsyncExitStack() as stack:
            for id_ in sorted(set(ids)):
                await stack.enter_async_context(self._acquire(id_))
            yield

    @asynccontextmanager
    async def _acquire(self, id_: int) -> AsyncIterator[None]:
        lock, users = self._locks.get(id_, (asyncio.Lock(), 0))
        self._locks[id_] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[id_]
            if users == 1:
                del self._locks[id_]
            else:
                self._locks[id_] = (lock, users - 1)
