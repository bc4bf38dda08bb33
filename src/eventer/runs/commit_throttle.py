"""When transactions begin: small ones are throttled so that ticks share the fixed cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TIME_SHARE_DIVISOR: Final = 4
"""Small transactions take at most this fraction of a connection's time."""
MAX_PAUSE_NS: Final = 100_000_000
"""The longest time between the starts of two small transactions."""
GENERATION_STEP_NS: Final = 20_000_000
"""Events that become due within one step are generated together, to share the fixed cost."""
COMMIT_WINDOW_NS: Final = 250_000_000
"""How long a transaction may stay open under load."""
OTHER_IO_NS: Final = 100_000_000
"""How long other instructions may delay the next transaction."""


@dataclass(slots=True)
class CommitThrottle:
    """When the next transaction may begin, and when its events are generated.

    A backlog is not throttled. `until` ends the pause before the next small transaction;
    `other_io_until`, the time in which other instructions go first. With `interval`, all pending
    events wait until this time after the first of them has passed.
    """

    interval: int = 0
    until: int = 0
    other_io_until: int = 0
    _began: int = 0
    _generated_at: int = 0
    _window_end: int | None = None

    def update_window(self, now: int, *, has_events: bool) -> None:
        """Opens the commit window with the first due event, closes it when none is left."""
        if not has_events:
            self._window_end = None
        elif self._window_end is None:
            self._window_end = now + (self.interval or COMMIT_WINDOW_NS)

    def may_commit(self, now: int, *, idle: bool) -> bool:
        """Whether pending events may be committed; `idle` says whether no others are due."""
        if self._window_end is None or now >= self._window_end:
            return True
        return idle and not self.interval and now >= self.until

    def wake_instants(self, *, idle: bool) -> Iterator[int]:
        """When `may_commit` changes while the window is open."""
        if self._window_end is not None:
            yield self._window_end
            if idle and not self.interval:
                yield self.until

    def begin_commit(self, now: int) -> None:
        """A transaction begins, which closes the window."""
        self._began, self._window_end = now, None

    def end_commit(self, now: int) -> int:
        """The transaction was committed. Returns how long it took (ns)."""
        took = now - self._began
        self.until = self._began + min(TIME_SHARE_DIVISOR * max(0, took), MAX_PAUSE_NS)
        self.other_io_until = now + OTHER_IO_NS
        return took

    def generated(self, now: int) -> None:
        """Due events are being generated."""
        self._generated_at = now

    def generate_at(self, *, busy: bool) -> int:
        """When due events may be generated; `busy` says whether the connection is in use."""
        step = self._generated_at + GENERATION_STEP_NS
        return step if busy else max(step, self.until)
