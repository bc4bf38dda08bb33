"""Threads whose C stack is large on every platform: evaluating a template recurses deeply.

Compiled code recurses on Python's own stack, which is heap. Only the parts that go through C (a
sort that calls back, text of nested values) take C stack, at most a few KiB for each of
`Budget.depth` levels: more than some platforms give to a thread by default.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

STACK_BYTES: Final = 64 << 20

_T = TypeVar("_T")
_starting: Final = threading.Lock()


def run_with_large_stack(work: Callable[[], _T]) -> _T:
    """Runs `work` in a daemon thread with a large stack; returns its result or raises its error.

    Starting the thread costs more than evaluating an event: pass a whole batch or more.
    """
    result: Future[_T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            result.set_exception(error)

    with _large_stacks():
        threading.Thread(target=run, daemon=True).start()
    return result.result()


def large_stack_executor(name: str = "") -> ThreadPoolExecutor:
    """An executor of one thread, already started, with a large stack."""
    executor = ThreadPoolExecutor(1, thread_name_prefix=name)
    with _large_stacks():
        executor.submit(int).result()
    return executor


@contextmanager
def _large_stacks() -> Iterator[None]:
    """Gives threads that start meanwhile a large stack: the size is a setting of the process."""
    with _starting:
        before = threading.stack_size(STACK_BYTES)
        try:
            yield
        finally:
            threading.stack_size(before)
