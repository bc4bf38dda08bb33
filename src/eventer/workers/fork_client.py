"""Starts worker processes through a fork server, which is started with the first one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from eventer.core.errors import WorkerLostError
from eventer.core.logs import log_settings
from eventer.kernels.support.cache_locator import CACHE_VARIABLE

REQUEST: Final = struct.Struct("=i")
"""To the server: the id of the process to kill, or `FORK`."""
FORK: Final = -1
"""Asks for a worker. The descriptors of its socket and of its crash marker come with it."""
REPORT: Final = struct.Struct("=ii")
"""From the server: a process id and its exit code, or `STARTED`; `FORK` if it cannot fork."""
STARTED: Final = 1 << 30
INSPECTORS_ONLY: Final = "inspectors-only"
"""An argument of the server."""
# One Python thread generates events; idle thread pools of other libraries only cost memory.
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class ForkedProcess:
    """A process that the fork server started, so not a child of this process.

    `exit_code` is minus the number of the signal if one ended it; None while it runs.
    """

    def __init__(self, pid: int, send_kill: Callable[[int], None]) -> None:
        self.pid = pid
        self.exit_code: int | None = None
        self._send_kill = send_kill
        self._ended = asyncio.Event()

    def end(self, exit_code: int) -> None:
        """The process has ended."""
        self.exit_code = exit_code
        self._ended.set()

    async def wait(self) -> None:
        """Waits until the process has ended."""
        await self._ended.wait()

    async def kill(self) -> None:
        """Kills the process and waits for its end."""
        if self.exit_code is None:
            self._send_kill(self.pid)
        await self.wait()


class ForkClient:
    """The fork server of one event loop, its workers, and the unanswered requests.

    The server ends with this process, and the workers end with it. If it dies, the next request
    starts another one. `inspectors_only` makes it start faster, and other workers slower.
    """

    def __init__(self, *, inspectors_only: bool = False) -> None:
        self._arguments = [INSPECTORS_ONLY] if inspectors_only else []
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._requests: deque[asyncio.Future[ForkedProcess]] = deque()
        self._processes: dict[int, ForkedProcess] = {}

    async def fork(self, end: socket.socket, crash_marker: int) -> ForkedProcess:
        """Starts a worker that has this end of a socket and this crash marker.

        If the caller is cancelled, the worker ends when the other end of the socket closes.

        Raises:
            OSError: the process cannot be started.
            WorkerLostError: the fork server died.
        """
        control = self._control or self._start()
        socket.send_fds(control, [REQUEST.pack(FORK)], [end.fileno(), crash_marker])
        request: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        self._requests.append(request)
        return await request

    def stop(self) -> None:
        """Ends the fork server, and all workers that still run."""
        if self._control is None:
            return
        assert self._server is not None
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._control = None
        self._server.kill()
        self._server.wait()
        for process in self._processes.values():
            process.end(-signal.SIGKILL)
        self._processes.clear()
        while self._requests:
            self._answer(WorkerLostError("the process that starts workers ended"))

    def _start(self) -> socket.socket:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setblocking(False)
        command = [sys.executable, "-m", "eventer.workers.fork_server", str(theirs.fileno())]
        with theirs:
            try:
                self._server = subprocess.Popen(  # noqa: S603  this interpreter
                    [*command, *self._arguments],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    env=_environment(),
                )
            except OSError:
                control.close()
                raise
        asyncio.get_running_loop().add_reader(control, self._on_report, control)
        self._control = control
        return control

    def _send_kill(self, pid: int) -> None:
        assert self._control is not None
        try:
            self._control.send(REQUEST.pack(pid))
        except OSError:  # the server died, and the workers with it
            self.stop()

    def _on_report(self, control: socket.socket) -> None:
        report = b""
        with suppress(OSError):
            report = control.recv(REPORT.size)
        if not report:
            self.stop()
            return
        pid, exit_code = REPORT.unpack(report)
        if exit_code != STARTED:
            self._processes.pop(pid).end(exit_code)
        elif pid == FORK:
            self._answer(OSError("the system allows no further process"))
        else:
            self._processes[pid] = ForkedProcess(pid, self._send_kill)
            self._answer(self._processes[pid])

    def _answer(self, answer: ForkedProcess | Exception) -> None:
        """Answers the oldest request, if its caller still waits."""
        request = self._requests.popleft()
        if request.done():
            return
        if isinstance(answer, Exception):
            request.set_exception(answer)
        else:
            request.set_result(answer)


def _environment() -> dict[str, str]:
    """The service's environment without its settings, which may hold secrets.

    Workers log in its form and use its cache of kernels.
    """
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVENTER_") or name == CACHE_VARIABLE
    }
    return _ONE_THREAD | passed_on | log_settings().variables()
