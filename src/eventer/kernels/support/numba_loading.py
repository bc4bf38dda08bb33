"""Reports when this process imports Numba or compiles kernels.

The import takes some tenths of a second, and the compilation of a kernel up to some ten seconds on
a busy machine. Time limits of templates exclude both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from types import ModuleType
from typing import Any, Final


class CompileActivity:
    """A context that is active while any thread loads or compiles code; it can be nested."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._depth = 0
        self._began = self._ended_seconds = 0.0
        self._listeners: list[Callable[[bool], object]] = []

    def watch(self, listener: Callable[[bool], object]) -> Callable[[], None]:
        """Calls `listener` in any thread: with True when the activity begins, False when it ends.

        Returns:
            A function that removes the listener.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def seconds(self) -> float:
        """How long it has been active so far."""
        with self._lock:
            current = time.monotonic() - self._began if self._depth else 0.0
            return self._ended_seconds + current

    def __enter__(self) -> None:
        self._change(1)

    def __exit__(self, *_: object) -> None:
        self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            before, self._depth = self._depth > 0, self._depth + by
            if (now := self._depth > 0) != before:
                self._note_change(now)
                for listener in tuple(self._listeners):
                    listener(now)

    def _note_change(self, active: bool) -> None:  # noqa: FBT001  as listeners
        if active:
            self._began = time.monotonic()
        else:
            self._ended_seconds += time.monotonic() - self._began


LOADING: Final = CompileActivity()
"""The activity of this process."""

_IMPORT_LOCK: Final = Lock()


def numba() -> ModuleType:
    """Imports Numba; its compilations and cache reads then count as `LOADING`.

    Call this before importing a part of Numba: if two threads import Numba and a part of it at the
    same time, Python resolves the deadlock of their import locks by a partly initialised module.
    """
    with _IMPORT_LOCK:
        return _import_numba()


@lru_cache(maxsize=1)
def _import_numba() -> ModuleType:
    """Imports Numba and registers the listener of its compilations."""
    with LOADING:
        import numba
        from numba.core import event

        class Listener(event.Listener):
            def on_start(self, _: Any) -> None:
                LOADING.__enter__()

            def on_end(self, _: Any) -> None:
                LOADING.__exit__()

        # Numba also holds this lock while it reads its cache.
        event.register("numba:compiler_lock", Listener())  # type: ignore[no-untyped-call]
        module: ModuleType = numba
        return module
