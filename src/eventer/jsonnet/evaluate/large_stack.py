"""Room for deep recursion: evaluation in a thread whose C stack is large on every platform.

Compiled code recurses on Python's own stack, which is heap. Only what goes through C on the way
(a sort that calls back, text of nested values) takes C stack, at most a few KiB for each of
`Budget.depth` levels: more than some platforms give to a thread by default.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

STACK_BYTES: Final = 64 << 20

_T = TypeVar("_T")


def run_with_large_stack(work: Callable[[], _T]) -> _T:
    """Runs `work` in a thread with a large stack and gives what it gives, or raises.

    Meant for a whole batch, or for the life of a worker: a thread for each event would cost more
    than the event.
    """
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001  # carried to the caller's thread, all of it
            failed.append(error)

    _start_with_large_stack(run).join()
    if failed:
        raise failed[0]
    return done[0]


_starting: Final = threading.Lock()


def _start_with_large_stack(run: Callable[[], None]) -> threading.Thread:
    """The size is a setting of the process, so it is put back at once."""
    with _starting:
        before = threading.stack_size(STACK_BYTES)
        try:
            thread = threading.Thread(target=run, name="deep evaluation", daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread
