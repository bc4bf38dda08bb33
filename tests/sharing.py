"""Servers that all workers of a test session share."""

import fcntl
import json
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import DEADLINE_S

Start = Callable[[Path, int], dict[str, Any]]
"""Starts a server in a directory; it must end with the process of the given id.

What it returns tells the others about the server: the `pid` of its process group, the `signal`
that ends it, and what else they need to know.
"""


@contextmanager
def shared(name: str, factory: pytest.TempPathFactory, start: Start) -> Iterator[dict[str, Any]]:
    """The server `name` of this session: the first worker to come starts it, the last stops it."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        share = Share(base.parent / name, os.getppid(), start)
    else:
        share = Share(base / name, os.getpid(), start)
    server = share.join()
    try:
        yield server
    finally:
        share.leave()


class Share:
    """One server among processes, in a directory that they have in common."""

    def __init__(self, directory: Path, session: int, start: Start) -> None:
        self._directory = directory
        self._session = session
        self._start = start

    def join(self) -> dict[str, Any]:
        """What is to be known of the server, which is started if nobody uses it."""
        with self._state() as state:
            if state.get("users", 0) == 0:
                run = state["run"] = state.get("run", 0) + 1
                directory = self._directory / str(run)
                directory.mkdir()
                state["server"] = self._start(directory, self._session)
            state["users"] = state.get("users", 0) + 1
            return dict(state["server"])

    def leave(self) -> None:
        """Ends the server if nobody else uses it."""
        with self._state() as state:
            state["users"] -= 1
            if state["users"] == 0:
                _end(**state["server"])

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "state.json").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            state = json.loads(file.read() or "{}")
            yield state
            file.seek(0)
            file.truncate()
            file.write(json.dumps(state))


def _end(pid: int, signal: int, **_: object) -> None:
    """Ends a process group, and returns when its leader has ended."""
    try:
        leader = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.killpg(pid, signal)
        select.select([leader], [], [], DEADLINE_S)
    finally:
        os.close(leader)
