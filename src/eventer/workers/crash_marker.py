"""What a worker has under way, written where it can be read when the worker cannot be asked.

A few bytes of memory that a worker and its service share. A process that is killed, or hangs in
compiled code, leaves on it the generator and the event that it was making. While the process loads
or compiles code, nobody's time runs.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from dataclasses import dataclass
from typing import Final, Self

from eventer.core.model import PositionKey

_MARKER: Final = struct.Struct("=BQQQqq")
_SUSPENDED_UNTIL: Final = struct.Struct("=q")
_SUSPENDED_UNTIL_OFFSET: Final = 64
_SIZE: Final = 4096
_EMPTY: Final = bytes(1)


@dataclass(frozen=True, slots=True)
class InFlightWork:
    """The generator whose events are being made, the first of them, and when that began.

    `started_at` is nanoseconds of the machine's monotonic clock, in the future while time is held.
    """

    key: PositionKey
    first: int
    started_at: int

    def elapsed_ns(self) -> int:
        """How long it has been under way; negative while time is held."""
        return time.monotonic_ns() - self.started_at


class CrashMarker:
    """The shared bytes. One process writes, another reads; a mark is whole or not there."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, _SIZE)

    @classmethod
    def create(cls) -> tuple[Self, int]:
        """A clean one, and a descriptor of it to hand to another process and then close.

        Raises:
            OSError: there is no room for it.
        """
        with tempfile.TemporaryFile() as file:
            file.truncate(_SIZE)
            return cls(file.fileno()), os.dup(file.fileno())

    def mark(self, key: PositionKey, first: int) -> None:
        """Says what is under way from now on."""
        self.clear()
        mark = _MARKER.pack(
            0, key.cluster, key.generator, key.incarnation, first, time.monotonic_ns()
        )
        self._memory[1 : _MARKER.size] = mark[1:]
        self._memory[0:1] = b"\x01"  # last: nobody reads half a mark

    def clear(self) -> None:
        """Says that nothing is."""
        self._memory[0:1] = _EMPTY

    def suspend_deadline(self, until: int) -> None:
        """Says that no time counts before `until`, on the monotonic clock."""
        _SUSPENDED_UNTIL.pack_into(self._memory, _SUSPENDED_UNTIL_OFFSET, until)

    def read(self) -> InFlightWork | None:
        """What is under way, or was when the writer died."""
        is_complete, cluster, generator, incarnation, first, started_at = _MARKER.unpack_from(
            self._memory
        )
        if not is_complete:
            return None
        (suspended_until,) = _SUSPENDED_UNTIL.unpack_from(self._memory, _SUSPENDED_UNTIL_OFFSET)
        return InFlightWork(
            PositionKey(cluster, generator, incarnation), first, max(started_at, suspended_until)
        )

    def close(self) -> None:
        """Lets go of it."""
        self._memory.close()
