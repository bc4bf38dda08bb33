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

LONG_COLLECTION_NS: Final = 20_000_000
MIN_RELEASED_ENGINES: Final = 100
"""So many engines may be gone, whatever of them has been set apart, before that is looked at."""
_OLDEST_GENERATION: Final = 2


class GcFreezer:
    """Sets apart what survives, each time at most once after a new engine.

    Only garbage that refers to itself in a circle could be left behind: never more than what
    `MIN_RELEASED_ENGINES` engines, or as many as there are, have.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._began = 0
        self._has_new_engines = False
        self._released = 0

    def watch(self) -> Callable[[], None]:
        """Begins; what it returns ends it, and gives everything back to the garbage collector."""
        gc.callbacks.append(self.on_collection)

        def unwatch() -> None:
            gc.callbacks.remove(self.on_collection)
            gc.unfreeze()

        return unwatch

    def engine_created(self) -> None:
        """An engine was made, in any thread."""
        self._has_new_engines = True

    def engine_released(self, remaining: int) -> None:
        """An engine was let go of; so many remain."""
        self._released += 1
        if self._released > max(MIN_RELEASED_ENGINES, remaining):
            self._released = 0
            self._has_new_engines = True
            gc.unfreeze()

    def on_collection(self, phase: str, info: dict[str, Any]) -> None:
        """Called by the garbage collector as it begins and ends."""
        if info["generation"] != _OLDEST_GENERATION:
            return
        if phase == "start":
            self._began = self._clock()
        elif self._has_new_engines and self._clock() - self._began >= LONG_COLLECTION_NS:
            self._has_new_engines = False
            gc.freeze()
