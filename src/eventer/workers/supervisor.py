"""Worker processes on this machine: started, watched, and started again when they die."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import WorkerLostError
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker, InFlightWork
from eventer.workers.messages import Ping, Ready, Stop, WorkerConfig

START_S: Final = 60.0
"""How long a process may take to load; a busy machine's first compilation takes a while."""
PING_S: Final = 5.0
SILENCE_S: Final = 30.0
OVERRUN_S: Final = 25.0
"""A process ends itself sooner where it can; this is for one that compiled code holds."""
STOP_S: Final = 10.0
_STABLE_AFTER_S: Final = 10.0
_MAX_RESTART_DELAY_S: Final = 5.0
# One thread of Python makes events; idle pools of other libraries only cost memory.
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)

_log = logging.getLogger(__name__)


class WorkerProcess:
    """One worker process, as its service sees it."""

    def __init__(
        self, process: asyncio.subprocess.Process, channel: Channel, crash_marker: CrashMarker
    ) -> None:
        self._process = process
        self.channel = channel
        self._crash_marker = crash_marker

    @classmethod
    async def start(cls, config: WorkerConfig) -> WorkerProcess:
        """Starts a process and tells it what it is; `Ready` is its first word.

        Raises:
            WorkerLostError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process, crash_marker = await _spawn(theirs)
        except OSError as error:
            ours.close()
            raise WorkerLostError(f"a worker process cannot be started: {error}") from error
        channel = await Channel.over(ours)
        channel.send(config)
        return cls(process, channel, crash_marker)

    @property
    def in_flight_work(self) -> InFlightWork | None:
        """What it is making, or was making when it died."""
        return self._crash_marker.read()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def ready(self) -> str:
        """Waits until it is loaded; the fingerprint of the events that it makes.

        Raises:
            WorkerLostError: it died on the way, or took too long.
        """
        try:
            async with asyncio.timeout(START_S):
                message = await self.channel.receive()
        except (EOFError, TimeoutError) as error:
            await self.kill()
            raise WorkerLostError("a worker process did not come up") from error
        except asyncio.CancelledError:
            await self.kill()
            raise
        assert isinstance(message, Ready)
        return message.fingerprint

    async def wait(self) -> None:
        """Waits until it has ended."""
        await self._process.wait()

    async def kill(self) -> None:
        """Ends it now, whatever it does, and waits for that."""
        self.channel.close()
        if self._process.returncode is None:
            # Not by the process object: it would reap the child before the loop's watcher does.
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        await self._process.wait()

    def memory(self) -> int:
        """Bytes of memory that it occupies; 0 where that cannot be told."""
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii")
            return int(text.split()[1]) * os.sysconf("SC_PAGESIZE")
        return 0

    def processor_seconds(self) -> float:
        """How long it has computed; not a number where that cannot be told."""
        with suppress(OSError, ValueError, IndexError):
            text = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
            user, system = text.rpartition(")")[2].split()[11:13]
            return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return math.nan


async def _spawn(end: socket.socket) -> tuple[asyncio.subprocess.Process, CrashMarker]:
    crash_marker, shared = CrashMarker.create()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "eventer.workers.process",
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
    """The service's environment without its settings: secrets come by message."""
    passed_on = {
        name: value for name, value in os.environ.items() if not name.startswith("EVENTER_")
    }
    return _ONE_THREAD | passed_on


class SupervisedWorker:
    """A delivery worker that is started again whenever it dies, for as long as it is kept.

    `on_ready` is called with its fingerprint when a process takes messages, each time a new one
    that knows nothing; `on_message` with each message; `on_exit` with what it was making when it died.
    Messages to one that is not there are lost.
    """

    def __init__(
        self,
        name: str,
        config: WorkerConfig,
        *,
        on_ready: Callable[[str], None],
        on_message: Callable[[Any], None],
        on_exit: Callable[[InFlightWork | None], None],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._config = config
        self._on_ready = on_ready
        self._on_message = on_message
        self._on_exit = on_exit
        self._process: WorkerProcess | None = None
        self._is_ready = False
        self._last_message_at = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to keep it."""
        self._task = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Lets it end what it has under way, hearing it out, and does not start it again."""
        self._stopping.set()
        if self._task is None:
            return
        if self._is_ready:
            self.send(Stop())
            await asyncio.wait({self._task}, timeout=STOP_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None:
            await self._process.kill()

    @property
    def pid(self) -> int | None:
        """The process's id, where there is one that takes messages."""
        return self._process.pid if self._process is not None and self._is_ready else None

    def send(self, message: object) -> None:
        """Sends a message to the process, if there is one."""
        if self._process is not None and self._is_ready:
            self._process.channel.send(message)

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        quick_deaths = 0
        while not self._stopping.is_set():
            began = loop.time()
            try:
                await self._run_once()
            except WorkerLostError as error:
                if self._stopping.is_set():
                    return
                _log.warning("worker %s: %s", self.name, error.message)
            self.restarts += 1
            quick_deaths = quick_deaths + 1 if loop.time() - began < _STABLE_AFTER_S else 0
            if quick_deaths:
                await asyncio.sleep(min(_MAX_RESTART_DELAY_S, 0.1 * 2 ** min(quick_deaths - 1, 6)))

    async def _run_once(self) -> None:
        """One life of it, from start to death."""
        process = self._process = await WorkerProcess.start(self._config)
        try:
            fingerprint = await process.ready()
            self._is_ready = True
            self._on_ready(fingerprint)
            await self._listen(process)
        finally:
            if self._is_ready:
                self._is_ready = False
                # What is given up because the service stops is not to blame for it.
                self._on_exit(None if self._stopping.is_set() else process.in_flight_work)
        await process.kill()
        self._process = None
        raise WorkerLostError("its process died and is started again")

    async def _listen(self, process: WorkerProcess) -> None:
        """Hears what it says until it has gone, or is given up."""
        watch = asyncio.create_task(self._watch(process))
        try:
            while True:
                message = await process.channel.receive()
                self._last_message_at = asyncio.get_running_loop().time()
                self._on_message(message)
        except EOFError:
            return
        finally:
            watch.cancel()

    async def _watch(self, process: WorkerProcess) -> None:
        """Kills one that has gone silent or takes too much memory."""
        loop = asyncio.get_running_loop()
        self._last_message_at = loop.time()
        while True:
            process.channel.send(Ping())
            await asyncio.sleep(PING_S)
            in_flight = process.in_flight_work
            if in_flight is not None and in_flight.elapsed_ns() > OVERRUN_S * NS_PER_SECOND:
                _log.warning(
                    "worker %s makes event %d of generator %d for over %.0f s",
                    self.name,
                    in_flight.first,
                    in_flight.key.generator,
                    OVERRUN_S,
                )
                await process.kill()
            elif loop.time() - self._last_message_at > SILENCE_S:
                _log.warning("worker %s does not answer", self.name)
                await process.kill()
            elif process.memory() > self._config.memory:
                _log.warning("worker %s takes too much memory", self.name)
                await process.kill()
