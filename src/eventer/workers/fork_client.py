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
from contextlib import suppress
from typing import Final

from eventer.core.errors import WorkerLostError

PID: Final = struct.Struct("=i")
"""The answer to a request: the process id; 0 if no process can be started."""
INSPECTORS_ONLY: Final = "inspectors-only"
_REQUEST: Final = b"+"
"""Comes with the descriptors of the worker's socket and of its crash marker."""
# One Python thread generates events; idle thread pools of other libraries only cost memory.
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class ForkedProcess:
    """A process that the fork server started. It is not a child of this process."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError if it has ended already."""
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._ended = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(self._descriptor, self._on_end)

    def _on_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._ended.set_result(None)

    async def wait(self) -> None:
        """Waits until the process has ended."""
        await asyncio.shield(self._ended)

    async def kill(self) -> None:
        """Kills the process and waits for its end."""
        if not self._ended.done():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        await self.wait()


class ForkClient:
    """The fork server of one event loop, and the requests that it has not answered.

    The server ends with this process, and the workers end with it. If it dies, the next request
    starts another one. `inspectors_only` makes it start faster, and other workers slower.
    """

    def __init__(self, *, inspectors_only: bool = False) -> None:
        self._arguments = [INSPECTORS_ONLY] if inspectors_only else []
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._requests: deque[asyncio.Future[int]] = deque()

    async def fork(self, end: socket.socket, crash_marker: int) -> ForkedProcess:
        """Starts a worker that has this end of a socket and this crash marker.

        If the caller is cancelled, the worker ends when the other end of the socket closes.

        Raises:
            OSError: the process cannot be started.
            WorkerLostError: the fork server died.
        """
        control = self._control or self._start()
        socket.send_fds(control, [_REQUEST], [end.fileno(), crash_marker])
        request = asyncio.get_running_loop().create_future()
        self._requests.append(request)
        pid = await request
        if not pid:
            raise OSError("the system allows no further process")
        return ForkedProcess(pid)

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
        while self._requests:
            request = self._requests.popleft()
            if not request.done():
                request.set_exception(WorkerLostError("the process that starts workers ended"))

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
        asyncio.get_running_loop().add_reader(control, self._on_answer, control)
        self._control = control
        return control

    def _on_answer(self, control: socket.socket) -> None:
        answer = b""
        with suppress(OSError):
            answer = control.recv(PID.size)
        if not answer:
            self.stop()
            return
        (pid,) = PID.unpack(answer)
        request = self._requests.popleft()
        if not request.done():
            request.set_result(pid)


def _environment() -> dict[str, str]:
    """The service's environment without its settings, which may hold secrets."""
    passed_on = {
        name: value for name, value in os.environ.items() if not name.startswith("EVENTER_")
    }
    return _ONE_THREAD | passed_on
