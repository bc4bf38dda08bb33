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
from eventer.core.model import PositionKey, Recipe
from eventer.plan.engine import Engine
from eventer.runs.shard_messages import Assignment, GenerationRequest, GenerationResult

SLICE_NS: Final = 20_000_000
STACK_BYTES: Final = 64 << 20
_VALUE_BYTES_PER_TEXT_BYTE: Final = 16
"""Bytes of Python values for each byte of their text: what the interpreter's batches hold."""

_log = logging.getLogger(__name__)


class GenerationThread:
    """Makes batches by engines that `build` makes, once for each generator.

    `on_request` and `on_slice_end` are called in its thread, with a work before it is done and after the last
    one of a slice.
    """

    def __init__(
        self,
        build: Callable[[Assignment], Engine],
        *,
        on_request: Callable[[GenerationRequest], None] | None = None,
        on_slice_end: Callable[[], None] | None = None,
    ) -> None:
        self._build = build
        self._on_request = on_request
        self._on_slice_end = on_slice_end
        self._engines: dict[PositionKey, tuple[Recipe, Engine]] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="eventer-maker")
        _start_with_large_stack(self._executor)
        self._clock = self._executor.submit(_thread_clock).result()

    def processor_ns(self) -> int:
        """The processor time that its thread has had so far."""
        return time.clock_gettime_ns(self._clock)

    async def generate(
        self, requests: Sequence[GenerationRequest], byte_budget: int
    ) -> list[GenerationResult]:
        """Does as much of the works as fits into a slice, at least a batch. Never raises.

        No other batch is begun once those made hold on to `byte_budget` bytes.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, self._generate_slice, requests, byte_budget
        )

    async def forget(self, key: PositionKey) -> int:
        """Lets go of a generator's engine; how many engines remain."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._engines.pop, key, None)
        return len(self._engines)

    def close(self) -> None:
        """Ends the thread when its slice is over."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _generate_slice(
        self, requests: Sequence[GenerationRequest], byte_budget: int
    ) -> list[GenerationResult]:
        """A batch of each work, then another of those that are not done, while time is left."""
        deadline = time.monotonic_ns() + SLICE_NS
        done: list[GenerationResult] = []
        waiting = deque(requests)
        while waiting:
            request = waiting.popleft()
            began = time.monotonic_ns()
            self._notify(request)
            generated = self._generate(request, deadline)
            done.append(generated)
            byte_budget -= generated.retained_bytes
            if (rest := generated.remaining) is not None:
                waiting.append(rest)
            now = time.monotonic_ns()
            # Whoever has had no turn yet gets one; a batch cut short by the end is a waste.
            over = now >= deadline or (len(done) >= len(requests) and 2 * now - began > deadline)
            if over or byte_budget <= 0:
                break
        self._notify(None)
        return done

    def _notify(self, request: GenerationRequest | None) -> None:
        if request is not None and self._on_request is not None:
            self._on_request(request)
        elif request is None and self._on_slice_end is not None:
            self._on_slice_end()

    def _generate(self, request: GenerationRequest, deadline: int) -> GenerationResult:
        try:
            engine = self._engine(request)
            most = request.assignment.max_events(request.first)
            times = request.timetable.scheduled(request.first, min(request.count, most))
            batch = engine.generate(request.first, times, deadline)
        except EventerError as error:
            return GenerationResult(request, error=error)
        except MemoryError:
            return GenerationResult(request, error=_memory_error(request.first))
        except Exception as error:  # noqa: BLE001  one generator never holds up another
            _log.exception("an engine broke at event %d", request.first)
            broken = TemplateError(f"the engine broke at event {request.first}: {error!r}")
            return GenerationResult(request, error=broken)
        return GenerationResult(request, batch=batch, retained_bytes=_retained_bytes(batch, engine))

    def _engine(self, request: GenerationRequest) -> Engine:
        key, recipe = request.assignment.key, request.assignment.recipe
        known = self._engines.get(key)
        if known is None or known[0] != recipe:
            known = self._engines[key] = (recipe, self._build(request.assignment))
        return known[1]


def _retained_bytes(batch: Batch, engine: Engine) -> int:
    per_byte = _VALUE_BYTES_PER_TEXT_BYTE if engine.name == "interpreter" else 1
    return batch.nbytes * per_byte + batch.index.nbytes + batch.scheduled.nbytes


def _memory_error(index: int) -> BudgetError:
    error = BudgetError(f"event {index} takes more memory than a worker may have")
    error.index = index
    return error


def _thread_clock() -> int:
    return time.pthread_getcpuclockid(threading.get_ident())


def _start_with_large_stack(executor: ThreadPoolExecutor) -> None:
    """Starts the executor's thread while threads get a large stack."""
    before = threading.stack_size(STACK_BYTES)
    try:
        executor.submit(int).result()
    finally:
        threading.stack_size(before)
