"""Batches encoded before they are delivered, in a thread beside the one that delivers."""

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
"""Fewer rows than this are encoded faster than handed to a thread."""

T = TypeVar("T")
R = TypeVar("R")


class BackgroundEncoder(Generic[T]):
    """One thread that encodes: what is asked for, in the order in which it is asked.

    A batch is known by its identity; what was made of one that is dropped goes with it.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eventer-encoder")
        self._futures: WeakKeyDictionary[Batch, Future[T | None]] = WeakKeyDictionary()
        self._busy_ns = 0
        self._reported_ns = 0

    def begin(self, batch: Batch, work: Callable[[], T]) -> None:
        """Lets a batch be encoded soon, where it is large enough to be worth it."""
        if batch.rows >= SMALL_BATCH_ROWS:
            self._futures[batch] = self._thread.submit(self._run_timed, _none_if_rejected(work))

    def take_result(self, batch: Batch) -> T | None:
        """What became of a batch; None where nothing was begun, or its data was refused.

        To be asked within `run`: there whatever was begun is done.
        """
        future = self._futures.pop(batch, None)
        return None if future is None else future.result()

    async def run(self, work: Callable[[], R]) -> R:
        """Does work in the thread, once all is done that was begun."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run_timed, work)

    def take_elapsed_ns(self) -> int:
        """How many nanoseconds the thread has worked since this was last asked."""
        before, self._reported_ns = self._reported_ns, self._busy_ns
        return self._reported_ns - before

    def _run_timed(self, work: Callable[[], R]) -> R:
        started_ns = time.monotonic_ns()
        try:
            return work()
        finally:
            self._busy_ns += time.monotonic_ns() - started_ns

    def close(self) -> None:
        """Begins nothing else."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _none_if_rejected(work: Callable[[], T]) -> Callable[[], T | None]:
    """The work without its refusal, which would hold on to the batch; who asks again gets it."""

    def done() -> T | None:
        try:
            return work()
        except EventerError:
            return None

    return done
