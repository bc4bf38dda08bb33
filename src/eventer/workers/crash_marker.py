"""The work in flight of a worker, in memory that its service reads after a crash.

A process that is killed, or hangs in compiled code, leaves in it the generator and the event that
it was generating. Time that the process needs to load or compile code does not count.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from eventer.core.model import PositionKey

_MARKER: Final = struct.Struct("=BQQQqq")
_SUSPENDED_UNTIL: Final = struct.Struct("=q")
_SUSPENDED_UNTIL_OFFSET: Final = 64
_TIMELINE: Final = struct.Struct("=q")
_TIMELINE_OFFSET: Final = 128
_NO_TIMELINE: Final = -1
_SIZE: Final = 4096
_EMPTY: Final = bytes(1)


@dataclass(frozen=True, slots=True)
class InFlightWork:
    """The generator whose events are being generated, the first of them, and when that began.

    `started_at` is ns of the machine's monotonic clock; while it is in the future, no time counts.
    The events of a generator of timelines are steps, and `first` is a delivery number: `timeline`
    is the first of the timelines that are being evaluated.
    """

    key: PositionKey
    first: int
    started_at: int
    timeline: int | None = None

    def elapsed_ns(self, now: int) -> int:
        """How long the work has taken at `now`; negative while time does not count."""
        return now - self.started_at


class CrashMarker:
    """Shared memory: one process writes, another reads. A mark is complete or absent."""

    def __init__(self, descriptor: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._memory = mmap.mmap(descriptor, _SIZE)
        self._clock = clock

    @classmethod
    def create(cls) -> tuple[Self, int]:
        """An empty marker, and its descriptor: pass it to another process, then close it.

        Raises:
            OSError: the file cannot be created.
        """
        with tempfile.TemporaryFile() as file:
            file.truncate(_SIZE)
            return cls(file.fileno()), os.dup(file.fileno())

    def mark(self, key: PositionKey, first: int) -> None:
        """Marks the work in flight."""
        self.clear()
        self.mark_timeline(_NO_TIMELINE)
        mark = _MARKER.pack(0, key.cluster, key.generator, key.incarnation, first, self._clock())
        self._memory[1 : _MARKER.size] = mark[1:]
        self._memory[0:1] = b"\x01"  # last, so that a mark is never half written

    def mark_timeline(self, index: int) -> None:
        """Adds the first of the timelines that are evaluated now to the mark."""
        _TIMELINE.pack_into(self._memory, _TIMELINE_OFFSET, index)

    def clear(self) -> None:
        """Removes the mark."""
        self._memory[0:1] = _EMPTY

    def suspend_deadline(self, until: int) -> None:
        """Time before `until`, on the monotonic clock, does not count."""
        _SUSPENDED_UNTIL.pack_into(self._memory, _SUSPENDED_UNTIL_OFFSET, until)

    def is_suspended(self) -> bool:
        """Whether time does not count now."""
        return self._suspended_until() > self._clock()

    def read(self) -> InFlightWork | None:
        """The work in flight, or that of a process that died."""
        is_complete, cluster, generator, incarnation, first, started_at = _MARKER.unpack_from(
            self._memory
        )
        if not is_complete:
            return None
        return InFlightWork(
            PositionKey(cluster, generator, incarnation),
            first,
            max(started_at, self._suspended_until()),
            None if (timeline := self._timeline()) == _NO_TIMELINE else timeline,
        )

    def _timeline(self) -> int:
        (index,) = _TIMELINE.unpack_from(self._memory, _TIMELINE_OFFSET)
        return int(index)

    def _suspended_until(self) -> int:
        (until,) = _SUSPENDED_UNTIL.unpack_from(self._memory, _SUSPENDED_UNTIL_OFFSET)
        return int(until)

    def close(self) -> None:
        """Releases the memory."""
        self._memory.close()
