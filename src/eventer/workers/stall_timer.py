"""How long a worker process has been silent, and how long its work in flight takes. Pure.

Time does not count while the process loads or compiles code, or waits for a processor: on a busy
machine, healthy processes are slow, and new ones are slower.
"""

from __future__ import annotations

from eventer.workers.crash_marker import InFlightWork


class StallTimer:
    """Adds up the time that counts; `silent` and `in_flight` are in seconds."""

    def __init__(self) -> None:
        self.silent = 0.0
        self.in_flight = 0.0
        self._work: InFlightWork | None = None

    def end_silence(self) -> None:
        """The process has sent a message."""
        self.silent = 0.0

    def pass_time(self, seconds: float, waited: float, work: InFlightWork | None) -> None:
        """Some seconds passed, of which the process waited for a processor; this is its work now.

        Call it with 0 seconds for time that the process spent loading or compiling code.
        """
        counted = max(0.0, seconds - waited)
        self.silent += counted
        self.in_flight = self.in_flight + counted if work == self._work is not None else 0.0
        self._work = work
