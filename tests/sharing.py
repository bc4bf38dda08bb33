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
"""Starts a server in a directory; the server must end with the process of the given id.

Returns the `pid` of the server's process group, the `signal` that ends it, and connection details
for the other workers.
"""


@contextmanager
def shared(name: str, factory: pytest.TempPathFactory, start: Start) -> Iterator[dict[str, Any]]:
    """The server `name` of this session: the first worker starts it, the last one stops it."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared_server = SharedServer(base.parent / name, os.getppid(), start)
    else:
        shared_server = SharedServer(base / name, os.getpid(), start)
    server = shared_server.join()
    try:
        yield server
    finally:
        shared_server.leave()


class SharedServer:
    """A server that several processes use, with its state in a common directory."""

    def __init__(self, directory: Path, session: int, start: Start) -> None:
        self._directory = directory
        self._session = session
        self._start = start

    def join(self) -> dict[str, Any]:
        """Starts the server if it has no users; returns its details."""
        with self._state() as state:
            if state.get("users", 0) == 0:
                run = state["run"] = state.get("run", 0) + 1
                directory = self._directory / str(run)
                directory.mkdir()
                state["server"] = self._start(directory, self._session)
            state["users"] = state.get("users", 0) + 1
            return dict(state["server"])

    def leave(self) -> None:
        """Stops the server if it has no other users."""
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
    """Signals a process group and waits for the exit of its leader."""
    try:
        leader = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.killpg(pid, signal)
        select.select([leader], [], [], DEADLINE_S)
    finally:
        os.close(leader)
