"""Gives running generators new bindings when the generators that they refer to have changed."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from eventer.core.clock import Clock
from eventer.core.logs import event
from eventer.service.lifecycle import Lifecycle
from eventer.service.locks import Locks

CHECK_S: Final = 0.5
"""The time between checks of the bindings."""

_log = logging.getLogger(__name__)


class BindingUpdater:
    """Withdraws a generator whose bindings are outdated, and launches it again with new ones."""

    def __init__(self, lifecycle: Lifecycle, locks: Locks, clock: Clock) -> None:
        self._lifecycle = lifecycle
        self._locks = locks
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._updates: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begins to check the bindings."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Ends without waiting for withdrawals."""
        tasks = [*self._updates.values(), *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            try:
                self._check()
            except Exception:  # noqa: BLE001  the next check must still happen
                _log.exception("cannot check bindings", extra=event("binding_check_failed"))

    def _check(self) -> None:
        gates = self._lifecycle.gates
        gates.find_stalled(self._clock.now_ns())
        for generator in gates.outdated():
            id_ = generator.record.id
            if id_ not in self._updates:
                task = self._updates[id_] = asyncio.create_task(self._update(id_))
                task.add_done_callback(lambda _, id_=id_: self._updates.pop(id_, None))  # type: ignore[misc]

    async def _update(self, id_: int) -> None:
        async with self._locks.hold([id_]):
            generator = self._lifecycle.generators.get(id_)
            if generator is None or not generator.active:
                return
            if self._lifecycle.gates.is_outdated(generator):
                epoch = await self._lifecycle.withdraw(generator)
                self._lifecycle.relaunch(generator, epoch)
