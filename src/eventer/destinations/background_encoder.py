"""Encodes batches in a thread of its own before they are delivered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from eventer.core.batch import Batch
from eventer.core.errors import EventerError

SMALL_BATCH_ROWS: Final = 200
"""Encoding fewer rows takes less time than a hand-over to a thread."""

T = TypeVar("T")
R = TypeVar("R")


class BackgroundEncoder(Generic[T]):
    """One thread that encodes in the order of the calls.

    It identifies batches by object identity and drops the result of a batch that is dropped.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eventer-encoder")
        self._futures: WeakKeyDictionary[Batch, Future[T | None]] = WeakKeyDictionary()
        self._busy_ns = 0
        self._reported_ns = 0

    def begin(self, batch: Batch, work: Callable[[], T]) -> None:
        """Queues the encoding of a batch, unless the batch is small."""
        if batch.rows >= SMALL_BATCH_ROWS:
            self._futures[batch] = self._thread.submit(self._run_timed, _none_if_rejected(work))

    def take_result(self, batch: Batch) -> T | None:
        """The encoded batch; None if its encoding was not begun or was rejected.

        Call it within `run`, so that it does not wait.
        """
        future = self._futures.pop(batch, None)
        return None if future is None else future.result()

    async def run(self, work: Callable[[], R]) -> R:
        """Runs work in the thread, after all queued encodings."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run_timed, work)

    def take_elapsed_ns(self) -> int:
        """Nanoseconds of work of the thread since the last call."""
        before, self._reported_ns = self._reported_ns, self._busy_ns
        return self._reported_ns - before

    def _run_timed(self, work: Callable[[], R]) -> R:
        started_ns = time.monotonic_ns()
        try:
            return work()
        finally:
            self._busy_ns += time.monotonic_ns() - started_ns

    def close(self) -> None:
        """Cancels all queued encodings."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _none_if_rejected(work: Callable[[], T]) -> Callable[[], T | None]:
    """The work, without its error: that would keep a reference to the batch."""

    def guarded() -> T | None:
        try:
            return work()
        except EventerError:
            return None

    return guarded
