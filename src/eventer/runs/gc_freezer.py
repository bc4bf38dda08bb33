"""Keeps long-lived objects out of garbage collections.

A full collection of a worker that holds a thousand engines takes 150 ms, during which no events are
generated. After a long collection that followed new engines, the surviving objects are frozen: the
garbage collector does not visit them until many engines have been released.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any, Final

LONG_COLLECTION_NS: Final = 20_000_000
MIN_RELEASED_ENGINES: Final = 100
"""How many engines may be released before frozen objects are collected."""
_OLDEST_GENERATION: Final = 2


class GcFreezer:
    """Freezes surviving objects, at most once after each new engine.

    Only cyclic garbage can be left frozen: at most that of `MIN_RELEASED_ENGINES` engines, or of as
    many as there are.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._began = 0
        self._has_new_engines = False
        self._released = 0

    def watch(self) -> Callable[[], None]:
        """Starts watching collections. The returned function ends it and unfreezes all objects."""
        gc.callbacks.append(self.on_collection)

        def unwatch() -> None:
            gc.callbacks.remove(self.on_collection)
            gc.unfreeze()

        return unwatch

    def engine_created(self) -> None:
        """An engine was created, in any thread."""
        self._has_new_engines = True

    def engine_released(self, remaining: int) -> None:
        """An engine was released; `remaining` is how many are left."""
        self._released += 1
        if self._released > max(MIN_RELEASED_ENGINES, remaining):
            self._released = 0
            self._has_new_engines = True
            gc.unfreeze()

    def on_collection(self, phase: str, info: dict[str, Any]) -> None:
        """Called by the garbage collector when a collection starts and stops."""
        if info["generation"] != _OLDEST_GENERATION:
            return
        if phase == "start":
            self._began = self._clock()
        elif self._has_new_engines and self._clock() - self._began >= LONG_COLLECTION_NS:
            self._has_new_engines = False
            gc.freeze()
