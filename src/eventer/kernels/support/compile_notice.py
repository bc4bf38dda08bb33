"""Says that kernels are compiled, if a process waits for that for more than two seconds."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import lru_cache
from threading import Lock, Timer
from typing import Any, Final

from eventer.core.logs import event
from eventer.kernels.support.numba_loading import numba

DELAY_S: Final = 2.0
_log = logging.getLogger(__name__)


class CompileNotice:
    """A context for compilations. Their time adds up; the notice is logged once."""

    def __init__(self, delay_s: float = DELAY_S) -> None:
        self._rest_s = delay_s
        self._lock = Lock()
        self._depth = 0
        self._began = 0.0
        self._timer: Timer | None = None
        self.folder = ""
        """Where the kernels are stored; empty if each process must compile them again."""

    def __enter__(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1 and self._rest_s >= 0:
                self._began = time.monotonic()
                self._timer = Timer(self._rest_s, self._give)
                self._timer.daemon = True
                with suppress(RuntimeError):  # no further thread can be started
                    self._timer.start()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._timer is not None:
                self._timer.cancel()
                self._timer = None
                self._rest_s = max(self._rest_s - (time.monotonic() - self._began), 0)

    def _give(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer, self._rest_s = None, -1
        kept = (
            f"once for this version and machine, into {self.folder}"
            if self.folder
            else "which each process repeats: set EVENTER_CACHE_DIR to a folder that it can write"
        )
        _log.warning(
            "compiling kernels, %s; `eventer warm` does it beforehand",
            kept,
            extra=event("kernels_compiling", folder=self.folder),
        )


NOTICE: Final = CompileNotice()
"""The notice of this process."""


@lru_cache(maxsize=1)
def watch_own_compilations() -> None:
    """Also gives notice of kernels that this process compiles itself, because it has no cache."""
    numba()
    from numba.core import event as numba_event

    class Listener(numba_event.Listener):
        def on_start(self, _: Any) -> None:
            NOTICE.__enter__()

        def on_end(self, _: Any) -> None:
            NOTICE.__exit__()

    numba_event.register("numba:compile", Listener())  # type: ignore[no-untyped-call]
