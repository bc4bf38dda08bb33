"""Says when this process loads or compiles code, for those who watch how long events take.

Importing Numba takes some tenths of a second, compiling a kernel for the first time up to some ten
seconds on a busy machine. Neither is the fault of the template whose events come to need it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from types import ModuleType
from typing import Any, Final


class CompileActivity:
    """Open, in any number of threads and any depth, while something is being loaded."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._depth = 0
        self._listeners: list[Callable[[bool], object]] = []

    def watch(self, listener: Callable[[bool], object]) -> Callable[[], None]:
        """Calls `listener` with True when loading begins and False when it is over, in any thread.

        Returns:
            What ends that.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def __enter__(self) -> None:
        self._change(1)

    def __exit__(self, *_: object) -> None:
        self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            before, self._depth = self._depth > 0, self._depth + by
            if (now := self._depth > 0) != before:
                for listener in self._listeners:
                    listener(now)


LOADING: Final = CompileActivity()
"""The process's own."""

_IMPORT_LOCK: Final = Lock()


def numba() -> ModuleType:
    """Numba, whole. Its compilations, and what it loads from its cache, are `LOADING`.

    Whoever imports a part of Numba gets it here before. Several threads come here first: one that
    imports a part holds its lock while it waits for the whole, another that imports the whole comes
    to need that part, and Python solves the deadlock by handing out half a module.
    """
    with _IMPORT_LOCK:
        return _import_numba()


@lru_cache(maxsize=1)
def _import_numba() -> ModuleType:
    """Imports it, and listens from then on: nobody compiles before, or is counted twice."""
    with LOADING:
        import numba
        from numba.core import event

        class Listener(event.Listener):
            def on_start(self, _: Any) -> None:
                LOADING.__enter__()

            def on_end(self, _: Any) -> None:
                LOADING.__exit__()

        # The lock is held for a look into the cache, too.
        event.register("numba:compiler_lock", Listener())  # type: ignore[no-untyped-call]
        module: ModuleType = numba
        return module
