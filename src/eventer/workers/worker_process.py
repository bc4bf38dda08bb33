"""One worker process on this machine: started and killed by its service."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from eventer.core.errors import WorkerLostError
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker, InFlightWork
from eventer.workers.messages import Ready, WorkerConfig

START_S: Final = 60.0
"""How long a process may take to load; the first compilation on a busy machine takes a while."""
# One Python thread generates events; idle thread pools of other libraries only cost memory.
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


class WorkerProcess:
    """One worker process and the channel to it."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: Channel, crash_marker: CrashMarker
    ) -> None:
        self._process = process
        self.channel = channel
        self._crash_marker = crash_marker

    @classmethod
    async def start(cls, config: WorkerConfig) -> WorkerProcess:
        """Starts a process and sends its configuration; `Ready` is its first message.

        Raises:
            WorkerLostError: the process cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process, crash_marker = await _spawn(theirs)
        except OSError as error:
            ours.close()
            raise WorkerLostError(f"a worker process cannot be started: {error}") from error
        try:
            channel = await Channel.over(ours)
        except BaseException:
            ours.close()
            await _kill(process)
            raise
        channel.send(config)
        return cls(process, channel, crash_marker)

    @property
    def in_flight_work(self) -> InFlightWork | None:
        """The work in flight, or that in flight when the process died."""
        return self._crash_marker.read()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ready(self) -> str:
        """Waits until the process is ready. Returns the fingerprint of its events.

        Raises:
            WorkerLostError: the process died or took too long.
        """
        try:
            async with asyncio.timeout(START_S):
                message = await self.channel.receive()
        except (EOFError, TimeoutError) as error:
            await self.kill()
            raise WorkerLostError("a worker process did not start") from error
        except asyncio.CancelledError:
            await self.kill()
            raise
        assert isinstance(message, Ready)
        return message.fingerprint

    @property
    def exit_code(self) -> int | None:
        """The exit code, or minus the number of the signal that ended it; None while it runs."""
        return self._process.returncode

    async def wait(self) -> None:
        """Waits until the process has ended."""
        await self._process.wait()

    async def kill(self) -> None:
        """Kills the process and waits for its end."""
        self.channel.close()
        await _kill(self._process)

    def memory(self) -> int:
        """Resident memory in bytes; 0 if unknown."""
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii")
            return int(text.split()[1]) * os.sysconf("SC_PAGESIZE")
        return 0


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kills a process and waits for its end."""
    if process.returncode is None:
        # Not with the process object: it would reap the child before the event loop does.
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def _spawn(end: socket.socket) -> tuple[asyncio.subprocess.Process, CrashMarker]:
    crash_marker, shared = CrashMarker.create()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "eventer.workers.worker_main",
            str(end.fileno()),
            str(shared),
            pass_fds=[end.fileno(), shared],
            stdin=asyncio.subprocess.DEVNULL,
            env=_environment(),
        )
    finally:
        os.close(shared)
    return process, crash_marker


def _environment() -> dict[str, str]:
    """The service's environment without its settings, which may hold secrets."""
    passed_on = {
        name: value for name, value in os.environ.items() if not name.startswith("EVENTER_")
    }
    return _ONE_THREAD | passed_on
