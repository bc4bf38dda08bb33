"""What stays for long is not looked through again and again for garbage.

A full collection of a worker that holds a thousand engines takes 150 ms, during which none of its
generators gets on. So what has just survived a long one, after engines were made, is set apart:
the garbage collector looks at it no more until so many of the engines are gone that it is worth it.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any, Final

LONG_NS: Final = 20_000_000
FEW: Final = 100
"""So many engines may be gone, whatever of them has been set apart, before that is looked at."""
_FULL: Final = 2


class Tenure:
    """Sets apart what survives, each time at most once after a new engine.

    Only garbage that refers to itself in a circle could be left behind: never more than what
    `FEW` engines, or as many as there are, have.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._began = 0
        self._is_new = False
        self._gone = 0

    def watch(self) -> Callable[[], None]:
        """Begins; what it returns ends it, and gives everything back to the garbage collector."""
        gc.callbacks.append(self.collecting)

        def unwatch() -> None:
            gc.callbacks.remove(self.collecting)
            gc.unfreeze()

        return unwatch

    def came(self) -> None:
        """An engine was made, in any thread."""
        self._is_new = True

    def went(self, remaining: int) -> None:
        """An engine was let go of; so many remain."""
        self._gone += 1
        if self._gone > max(FEW, remaining):
            self._gone = 0
            self._is_new = True
            gc.unfreeze()

    def collecting(self, phase: str, info: dict[str, Any]) -> None:
        """Called by the garbage collector as it begins and ends."""
        if info["generation"] != _FULL:
            return
        if phase == "start":
            self._began = self._clock()
        elif self._is_new and self._clock() - self._began >= LONG_NS:
            self._is_new = False
            gc.freeze()
