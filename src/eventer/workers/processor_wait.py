"""How long the threads of another process waited for a processor of a busy machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from eventer.core.clock import NS_PER_SECOND


class ProcessorWait:
    """The waiting time of a process between two looks at it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._seen = _waited_ns(pid)

    def advance(self) -> float:
        """The seconds since the last call that the thread waited which waited longest.

        It is 0 where the system does not say it: only Linux does.
        """
        before, self._seen = self._seen, _waited_ns(self._pid)
        waits = (waited - before.get(thread, 0) for thread, waited in self._seen.items())
        return max(waits, default=0) / NS_PER_SECOND


def _waited_ns(pid: int) -> Mapping[str, int]:
    """How long each thread has been ready to run without a processor, in its whole life."""
    waited: dict[str, int] = {}
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError, IndexError):
                waited[thread.name] = int((thread / "schedstat").read_text("ascii").split()[1])
    return waited
