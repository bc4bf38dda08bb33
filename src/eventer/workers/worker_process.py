"""One worker process on this machine: started and killed by its service."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from eventer.core.errors import WorkerLostError
from eventer.core.network_errors import network_error_text
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker, InFlightWork
from eventer.workers.fork_client import ForkClient, ForkedProcess
from eventer.workers.messages import Ready, WorkerConfig

START_S: Final = 60.0
"""How long a process may take until it is ready; loading on a busy machine takes a while."""


class WorkerProcess:
    """One worker process and the channel to it."""

    def __init__(self, process: ForkedProcess, channel: Channel, crash_marker: CrashMarker) -> None:
        self._process = process
        self.channel = channel
        self._crash_marker = crash_marker

    @classmethod
    async def start(cls, config: WorkerConfig, fork_client: ForkClient) -> WorkerProcess:
        """Starts a process and sends its configuration; `Ready` is its first message.

        Raises:
            WorkerLostError: the process cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            channel = await Channel.over(ours)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        try:
            process, crash_marker = await _fork(theirs, fork_client)
        except BaseException as error:
            channel.close()
            if isinstance(error, OSError):
                reason = (
                    network_error_text(error) or "the process that starts workers does not answer"
                )
                raise WorkerLostError(f"a worker process cannot be started: {reason}") from error
            raise
        channel.send(config)
        return cls(process, channel, crash_marker)

    @property
    def in_flight_work(self) -> InFlightWork | None:
        """The work in flight, or that in flight when the process died."""
        return self._crash_marker.read()

    @property
    def is_loading(self) -> bool:
        """Whether it loads or compiles code."""
        return self._crash_marker.is_suspended()

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
        return self._process.exit_code

    async def wait(self) -> None:
        """Waits until the process has ended."""
        await self._process.wait()

    async def kill(self) -> None:
        """Kills the process and waits for its end."""
        self.channel.close()
        await self._process.kill()

    def memory(self) -> int:
        """Resident memory in bytes; 0 if unknown."""
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii")
            return int(text.split()[1]) * os.sysconf("SC_PAGESIZE")
        return 0


async def _fork(end: socket.socket, fork_client: ForkClient) -> tuple[ForkedProcess, CrashMarker]:
    """A worker process, and the crash marker that it shares with this process."""
    with end:
        crash_marker, shared = CrashMarker.create()
        try:
            async with asyncio.timeout(START_S):
                return await fork_client.fork(end, shared), crash_marker
        finally:
            os.close(shared)
