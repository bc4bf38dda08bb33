"""The thread of a process that generates events, in slices, for all its shards in turn.

Engines keep state between calls, so calls must not overlap. The event loop serves connections in
its own thread meanwhile. The stack is large enough for deep templates.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.batch import Batch
from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor
from eventer.core.errors import BudgetError, EventerError, RequestError, TemplateError
from eventer.core.large_stack import large_stack_executor
from eventer.core.logs import event
from eventer.core.model import EventSource, PositionKey
from eventer.kernels.json.assemble import is_kernel_loaded
from eventer.plan.columnar_engine import ColumnarEngine
from eventer.plan.engine import Engine, ScheduledTimes
from eventer.runs.assignment import Assignment
from eventer.runs.shard_messages import GenerationRequest, GenerationResult
from eventer.runs.timelines.flow_steps import FlowSteps

SLICE_NS: Final = 20_000_000
_QUICK_EVENTS: Final = 2_000
"""Python and NumPy generate and print these in less time than it takes to load kernels."""
_QUICK_BATCH: Final = 200
_VALUE_BYTES_PER_TEXT_BYTE: Final = 16
"""Bytes of Python values that a batch of the interpreter holds for each byte of its text."""

_EngineInputs: TypeAlias = tuple[EventSource, tuple[Binding, ...]]

_log = logging.getLogger(__name__)


class GenerationThread:
    """Generates batches with engines from `build`, one for each generator.

    `on_request` is called in the thread before each request, `on_slice_end` at the end of a slice.
    With `quick_start`, the first events are delivered at once, in batches that are so small that
    they need no kernels: they do not wait until kernels are loaded or compiled.
    """

    def __init__(
        self,
        build: Callable[[Assignment], Engine],
        *,
        on_request: Callable[[GenerationRequest], None] | None = None,
        on_slice_end: Callable[[], None] | None = None,
        quick_start: bool = False,
    ) -> None:
        self._build = build
        self._quick_events = _QUICK_EVENTS if quick_start else 0
        self._on_request = on_request
        self._on_slice_end = on_slice_end
        self._engines: dict[PositionKey, tuple[_EngineInputs, Engine]] = {}
        self._executor = large_stack_executor("eventer-maker")
        self._clock = self._executor.submit(_thread_clock).result()

    def processor_ns(self) -> int:
        """CPU time of the thread so far, in nanoseconds."""
        return time.clock_gettime_ns(self._clock)

    async def generate(
        self, requests: Sequence[GenerationRequest], byte_budget: int
    ) -> list[GenerationResult]:
        """Generates as much as fits into a slice, at least one batch. Never raises.

        No further batch is begun once the batches hold `byte_budget` bytes.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, self._generate_slice, requests, byte_budget
        )

    async def forget(self, key: PositionKey) -> int:
        """Releases a generator's engine. Returns how many engines remain."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._engines.pop, key, None)
        return len(self._engines)

    def close(self) -> None:
        """Ends the thread after its current slice."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _generate_slice(
        self, requests: Sequence[GenerationRequest], byte_budget: int
    ) -> list[GenerationResult]:
        """A batch of each request, then more of unfinished requests while time is left."""
        deadline = time.monotonic_ns() + SLICE_NS
        done: list[GenerationResult] = []
        waiting = deque(requests)
        self._announce(requests, deadline)
        while waiting:
            request = waiting.popleft()
            began, quick = time.monotonic_ns(), self._quick_events > 0
            self._notify(request)
            generated = self._generate(request, deadline)
            done.append(generated)
            byte_budget -= generated.retained_bytes
            if (rest := generated.remaining) is not None:
                waiting.append(rest)
            now = time.monotonic_ns()
            # Each request gets one turn; a batch that the deadline would cut short is not begun.
            over = now >= deadline or (len(done) >= len(requests) and 2 * now - began > deadline)
            if over or byte_budget <= 0 or quick:
                break
        self._notify(None)
        return done

    def _announce(self, requests: Sequence[GenerationRequest], deadline: int) -> None:
        """Announces requests to engines, so that those of one plan can generate together.

        An engine that does not exist yet takes time, so half of the slice is left. If it cannot be
        built, `_generate` reports the error.
        """
        for request in requests if len(requests) > 1 else ():
            if 2 * time.monotonic_ns() > 2 * deadline - SLICE_NS:
                return
            self._notify(request)
            with suppress(Exception):
                engine = self._engine(request)
                if isinstance(engine, ColumnarEngine):
                    engine.expect(request.first, later_times(request))

    def _notify(self, request: GenerationRequest | None) -> None:
        if request is not None and self._on_request is not None:
            self._on_request(request)
        elif request is None and self._on_slice_end is not None:
            self._on_slice_end()

    def _generate(self, request: GenerationRequest, deadline: int) -> GenerationResult:
        try:
            engine = self._engine(request)
            most = request.assignment.max_events(request.first)
            if self._quick_events > 0 and not is_kernel_loaded():
                most = min(most, _QUICK_BATCH)
            times = request.timetable.scheduled(request.first, min(request.count, most))
            if not len(times):
                return GenerationResult(request)
            batch = engine.generate(request.first, times, deadline, later_times(request))
            self._quick_events -= batch.count
        except EventerError as error:
            return GenerationResult(request, error=error, cursors=_cursors(request))
        except MemoryError:
            return GenerationResult(request, error=_memory_error(request.first))
        except Exception:  # noqa: BLE001  one generator must not hold up another
            _log.exception(
                "an engine failed unexpectedly at event %d",
                request.first,
                extra=event("engine_failed", index=request.first),
            )
            return GenerationResult(request, error=_internal_error(request.first))
        return GenerationResult(request, batch=batch, retained_bytes=_retained_bytes(batch, engine))

    def _engine(self, request: GenerationRequest) -> Engine:
        if isinstance(request.timetable, FlowSteps):
            return request.timetable.engine
        assignment = request.assignment
        inputs = (assignment.event_source, assignment.bindings)
        known = self._engines.get(assignment.key)
        if known is None or known[0] != inputs:
            known = self._engines[assignment.key] = (inputs, self._build(assignment))
        return known[1]


def _cursors(request: GenerationRequest) -> tuple[Cursor, Cursor] | None:
    timetable = request.timetable
    return timetable.cursors(request.first) if isinstance(timetable, FlowSteps) else None


def later_times(request: GenerationRequest) -> ScheduledTimes:
    """The times of later events, perhaps of fewer than asked for, as far as there are any.

    There are none if events are generated one by one, to find the one that crashes the process.
    """

    def later(first: int, count: int) -> NDArray[np.int64]:
        count = 0 if request.assignment.max_events(request.first) == 1 else count
        while count > 0:
            try:
                return request.timetable.scheduled(first, count)
            except RequestError:  # the last of them are never due
                count //= 2
        return np.empty(0, dtype=np.int64)

    return later


def _retained_bytes(batch: Batch, engine: Engine) -> int:
    per_byte = _VALUE_BYTES_PER_TEXT_BYTE if engine.name == "interpreter" else 1
    text_bytes = max(batch.nbytes, batch.event_bytes)
    return text_bytes * per_byte + batch.index.nbytes + batch.scheduled.nbytes


def _internal_error(index: int) -> TemplateError:
    return TemplateError(
        f"an internal error of Eventer prevents event {index}",
        hint="the log has the details; please report them",
    )


def _memory_error(index: int) -> BudgetError:
    error = BudgetError(f"event {index} exceeds the memory limit of a worker")
    error.index = index
    return error


def _thread_clock() -> int:
    return time.pthread_getcpuclockid(threading.get_ident())
