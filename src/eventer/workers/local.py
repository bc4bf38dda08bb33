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
from eventer.workers.messages import Configure, Ping, Ready, Stop
from eventer.workers.slate import Slate, UnderWay

START_S: Final = 60.0
"""How long a process may take to load; a busy machine's first compilation takes a while."""
PING_S: Final = 5.0
SILENCE_S: Final = 30.0
OVERRUN_S: Final = 25.0
"""A process ends itself sooner where it can; this is for one that compiled code holds."""
STOP_S: Final = 10.0
_SETTLED_S: Final = 10.0
_SLOWEST_RESTART_S: Final = 5.0
# One thread of Python makes events; idle pools of other libraries only cost memory.
_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)

_log = logging.getLogger(__name__)


class LocalProcess:
    """One worker process, as its service sees it."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel, slate: Slate) -> None:
        self._process = process
        self.channel = channel
        self._slate = slate

    @classmethod
    async def start(cls, configure: Configure) -> LocalProcess:
        """Starts a process and tells it what it is; `Ready` is its first word.

        Raises:
            WorkerLostError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process, slate = await _begin(theirs)
        except OSError as error:
            ours.close()
            raise WorkerLostError(f"a worker process cannot be started: {error}") from error
        channel = await Channel.over(ours)
        channel.send(configure)
        return cls(process, channel, slate)

    @property
    def under_way(self) -> UnderWay | None:
        """What it is making, or was making when it died."""
        return self._slate.read()

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


async def _begin(end: socket.socket) -> tuple[asyncio.subprocess.Process, Slate]:
    slate, shared = Slate.fresh()
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
    return process, slate


def _environment() -> dict[str, str]:
    """The service's environment without its settings: secrets come by message."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EVENTER_")}
    return _ONE_THREAD | kept


class KeptWorker:
    """A delivery worker that is started again whenever it dies, for as long as it is kept.

    `arrived` is called with its fingerprint when a process takes messages, each time a new one
    that knows nothing; `hear` with each message; `gone` with what it was making when it died.
    Messages to one that is not there are lost.
    """

    def __init__(
        self,
        name: str,
        configure: Configure,
        *,
        arrived: Callable[[str], None],
        hear: Callable[[Any], None],
        gone: Callable[[UnderWay | None], None],
    ) -> None:
        self.name = name
        self.restarts = 0
        self._configure = configure
        self._arrived = arrived
        self._hear = hear
        self._gone = gone
        self._process: LocalProcess | None = None
        self._up = False
        self._heard_at = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to keep it."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Lets it end what it has under way, hearing it out, and does not start it again."""
        self._stopping.set()
        if self._task is None:
            return
        if self._up:
            self.send(Stop())
            await asyncio.wait({self._task}, timeout=STOP_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._process is not None:
            await self._process.kill()

    @property
    def pid(self) -> int | None:
        """The process's id, where there is one that takes messages."""
        return self._process.pid if self._process is not None and self._up else None

    def send(self, message: object) -> None:
        """Sends a message to the process, if there is one."""
        if self._process is not None and self._up:
            self._process.channel.send(message)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        quick_deaths = 0
        while not self._stopping.is_set():
            began = loop.time()
            try:
                await self._live()
            except WorkerLostError as error:
                if self._stopping.is_set():
                    return
                _log.warning("worker %s: %s", self.name, error.message)
            self.restarts += 1
            quick_deaths = quick_deaths + 1 if loop.time() - began < _SETTLED_S else 0
            if quick_deaths:
                await asyncio.sleep(min(_SLOWEST_RESTART_S, 0.1 * 2 ** min(quick_deaths - 1, 6)))

    async def _live(self) -> None:
        """One life of it, from start to death."""
        process = self._process = await LocalProcess.start(self._configure)
        try:
            fingerprint = await process.ready()
            self._up = True
            self._arrived(fingerprint)
            await self._listen(process)
        finally:
            if self._up:
                self._up = False
                # What is given up because the service stops is not to blame for it.
                self._gone(None if self._stopping.is_set() else process.under_way)
        await process.kill()
        self._process = None
        raise WorkerLostError("its process died and is started again")

    async def _listen(self, process: LocalProcess) -> None:
        """Hears what it says until it has gone, or is given up."""
        watch = asyncio.create_task(self._watch(process))
        try:
            while True:
                message = await process.channel.receive()
                self._heard_at = asyncio.get_running_loop().time()
                self._hear(message)
        except EOFError:
            return
        finally:
            watch.cancel()

    async def _watch(self, process: LocalProcess) -> None:
        """Kills one that has gone silent or takes too much memory."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        while True:
            process.channel.send(Ping())
            await asyncio.sleep(PING_S)
            making = process.under_way
            if making is not None and making.passed_ns() > OVERRUN_S * NS_PER_SECOND:
                _log.warning(
                    "worker %s makes event %d of generator %d for over %.0f s",
                    self.name,
                    making.first,
                    making.key.generator,
                    OVERRUN_S,
                )
                await process.kill()
            elif loop.time() - self._heard_at > SILENCE_S:
                _log.warning("worker %s does not answer", self.name)
                await process.kill()
            elif process.memory() > self._configure.memory:
                _log.warning("worker %s takes too much memory", self.name)
                await process.kill()
