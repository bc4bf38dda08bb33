"""The one thread of a process that makes events, in slices, for all its shards in turn.

Engines keep state between calls, so no two calls overlap. The thread is apart from the event loop,
so that connections are served while events are made, and has a stack for deep templates.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from eventer.core.batch import Batch
from eventer.core.errors import BudgetError, EventerError, TemplateError
from eventer.core.model import PositionKey
from eventer.plan.engine import Engine
from eventer.runs.instructions import Assignment, Made, Recipe, Work

SLICE_NS: Final = 20_000_000
STACK_BYTES: Final = 64 << 20
_VALUE_WEIGHT: Final = 16
"""Bytes of Python values for each byte of their text: what the interpreter's batches hold."""

_log = logging.getLogger(__name__)


class Maker:
    """Makes batches by engines that `build` makes, once for each generator.

    `begins` and `ends` are called in its thread, with a work before it is done and after the last
    one of a slice.
    """

    def __init__(
        self,
        build: Callable[[Assignment], Engine],
        *,
        begins: Callable[[Work], None] | None = None,
        ends: Callable[[], None] | None = None,
    ) -> None:
        self._build = build
        self._begins = begins
        self._ends = ends
        self._engines: dict[PositionKey, tuple[Recipe, Engine]] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="eventer-maker")
        _start_with_stack(self._executor)
        self._clock = self._executor.submit(_own_clock).result()

    def processor_ns(self) -> int:
        """The processor time that its thread has had so far."""
        return time.clock_gettime_ns(self._clock)

    async def make(self, works: Sequence[Work], room: int) -> list[Made]:
        """Does as much of the works as fits into a slice, at least a batch. Never raises.

        No other batch is begun once those made hold on to `room` bytes.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._slice, works, room)

    async def forget(self, key: PositionKey) -> int:
        """Lets go of a generator's engine; how many engines remain."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._engines.pop, key, None)
        return len(self._engines)

    def close(self) -> None:
        """Ends the thread when its slice is over."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _slice(self, works: Sequence[Work], room: int) -> list[Made]:
        """A batch of each work, then another of those that are not done, while time is left."""
        deadline = time.monotonic_ns() + SLICE_NS
        done: list[Made] = []
        waiting = deque(works)
        while waiting:
            work = waiting.popleft()
            began = time.monotonic_ns()
            self._note(work)
            made = self._made(work, deadline)
            done.append(made)
            room -= made.weight
            if (rest := made.rest) is not None:
                waiting.append(rest)
            now = time.monotonic_ns()
            # Whoever has had no turn yet gets one; a batch cut short by the end is a waste.
            over = now >= deadline or (len(done) >= len(works) and 2 * now - began > deadline)
            if over or room <= 0:
                break
        self._note(None)
        return done

    def _note(self, work: Work | None) -> None:
        if work is not None and self._begins is not None:
            self._begins(work)
        elif work is None and self._ends is not None:
            self._ends()

    def _made(self, work: Work, deadline: int) -> Made:
        try:
            engine = self._engine(work)
            most = work.assignment.most(work.first)
            times = work.timetable.scheduled(work.first, min(work.count, most))
            batch = engine.generate(work.first, times, deadline)
        except EventerError as error:
            return Made(work, error=error)
        except MemoryError:
            return Made(work, error=_over_memory(work.first))
        except Exception as error:  # noqa: BLE001  one generator never holds up another
            _log.exception("an engine broke at event %d", work.first)
            broken = TemplateError(f"the engine broke at event {work.first}: {error!r}")
            return Made(work, error=broken)
        return Made(work, batch=batch, weight=_weight(batch, engine))

    def _engine(self, work: Work) -> Engine:
        key, recipe = work.assignment.key, work.assignment.recipe
        known = self._engines.get(key)
        if known is None or known[0] != recipe:
            known = self._engines[key] = (recipe, self._build(work.assignment))
        return known[1]


def _weight(batch: Batch, engine: Engine) -> int:
    per_byte = _VALUE_WEIGHT if engine.name == "interpreter" else 1
    return batch.nbytes * per_byte + batch.index.nbytes + batch.scheduled.nbytes


def _over_memory(index: int) -> BudgetError:
    error = BudgetError(f"event {index} takes more memory than a worker may have")
    error.index = index
    return error


def _own_clock() -> int:
    return time.pthread_getcpuclockid(threading.get_ident())


def _start_with_stack(executor: ThreadPoolExecutor) -> None:
    """Starts the executor's thread while threads get a large stack."""
    before = threading.stack_size(STACK_BYTES)
    try:
        executor.submit(int).result()
    finally:
        threading.stack_size(before)
