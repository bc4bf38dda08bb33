"""Loads kernels in the background while Python does the work of the first small calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Final

MAX_PYTHON_ROWS: Final = 2_000
"""Python takes some ten milliseconds for this many rows; compiling takes seconds."""

_running: Final = set["BackgroundLoad"]()
_ONE_AT_A_TIME: Final = Lock()
"""Numba compiles one kernel after the other; Python 3.11 cannot parse code in two threads."""


def is_numba_ready() -> bool:
    """Whether this process has imported Numba, and no background load holds up further kernels.

    Numba compiles one kernel after the other.
    """
    return "numba" in sys.modules and not _running


class BackgroundLoad:
    """Kernels that have an equal implementation in Python.

    `load` calls each of them once. It runs in a thread of its own, which does not keep the process
    alive: a run of a few events does not wait for a compiler.
    """

    def __init__(self, load: Callable[[], object]) -> None:
        self._load = load
        self._lock = Lock()
        self._is_begun = False
        self._is_done = False

    def use_python(self, rows: int) -> bool:
        """Whether Python handles this many rows, because the kernels are not loaded yet.

        The first call with few rows begins to load them. Many rows are worth waiting for kernels.
        """
        if self._is_done or rows > MAX_PYTHON_ROWS:
            return False
        self._begin()
        return True

    def _begin(self) -> None:
        with self._lock:
            if self._is_begun:
                return
            self._is_begun = True
            _running.add(self)
        try:
            Thread(target=self._run, name="eventer-kernels", daemon=True).start()
        except RuntimeError:  # no further thread can be started
            self._end()

    def _run(self) -> None:
        with _ONE_AT_A_TIME, suppress(Exception):  # the next call raises the error again
            self._load()
        self._end()

    def _end(self) -> None:
        self._is_done = True
        _running.discard(self)
