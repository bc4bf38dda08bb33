"""Keeps worker processes running: starts, watches and replaces them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from eventer.core.errors import WorkerLostError
from eventer.core.logs import event
from eventer.workers.crash_marker import InFlightWork
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import Ping, Stop, WorkerConfig
from eventer.workers.processor_wait import ProcessorWait
from eventer.workers.stall_timer import StallTimer
from eventer.workers.worker_process import WorkerProcess

PING_S: Final = 5.0
SILENCE_S: Final = 30.0
"""Time in which the process could run counts, not that in which it loads or compiles code."""
OVERRUN_S: Final = 25.0
"""A process ends itself sooner if it can; compiled code can prevent it. See `SILENCE_S`."""
STOP_S: Final = 10.0
"""How long a process may take to finish its work when the service ends; then it is killed."""
_STABLE_AFTER_S: Final = 10.0
_MAX_RESTART_DELAY_S: Final = 5.0

_log = logging.getLogger(__name__)


class ProcessStatus(NamedTuple):
    """One worker process. `pid` is None while it restarts."""

    name: str
    pid: int | None
    restarts: int


class Supervisor:
    """Keeps one worker process running until it is stopped.

    With `on_message`, the supervisor receives all messages and kills a process that is silent,
    takes too much memory or does not finish an event; without it, the caller uses the channel of
    `process()`. `on_ready` gets the fingerprint of each new process, which knows nothing. `on_exit`
    gets the work that was in flight when a ready process died, None if the service stops.

    A process that ends is started again (`restart`), after a growing delay if it ends soon, or at
    once (`restart_at_once`) where the caller kills processes. One that does not become ready is
    always retried after a delay.
    """

    def __init__(
        self,
        name: str,
        config: WorkerConfig,
        fork_client: ForkClient,
        *,
        on_ready: Callable[[str], None] | None = None,
        on_message: Callable[[Any], None] | None = None,
        on_exit: Callable[[InFlightWork | None], None] | None = None,
        restart: bool = True,
        restart_at_once: bool = False,
    ) -> None:
        self.name = name
        self.restarts = 0
        self._config = config
        self._fork_client = fork_client
        self._on_ready = on_ready
        self._on_message = on_message
        self._on_exit = on_exit
        self._restart = restart
        self._restart_at_once = restart_at_once
        self._started: WorkerProcess | None = None
        self._ready: asyncio.Future[WorkerProcess] | None = None
        self._stall_timer = StallTimer()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts the process, without waiting for it."""
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._supervise())

    async def stop(self) -> None:
        """Ends the process without a restart. One with `on_message` finishes its work first."""
        self._stopping = True
        if self._task is None:
            return
        if self._on_message is not None and self._current is not None:
            self.send(Stop())
            await asyncio.wait({self._task}, timeout=STOP_S)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if self._started is not None:
            await self._started.kill()
        self._fail(WorkerLostError("the service is stopping"))

    @property
    def status(self) -> ProcessStatus:
        """The process as it is now."""
        process = self._current
        return ProcessStatus(self.name, None if process is None else process.pid, self.restarts)

    @property
    def _current(self) -> WorkerProcess | None:
        ready = self._ready
        if ready is None or not ready.done() or ready.exception() is not None:
            return None
        return ready.result()

    async def process(self) -> WorkerProcess:
        """Waits for a process that is ready.

        Raises:
            WorkerLostError: it did not become ready, or the service is stopping.
        """
        if self._ready is None:
            raise WorkerLostError("the service is stopping")
        return await asyncio.shield(self._ready)

    def send(self, message: object) -> None:
        """Sends a message to the process; without a ready process the message is lost."""
        if (process := self._current) is not None:
            process.channel.send(message)

    async def replace(self, process: WorkerProcess) -> None:
        """Kills a process; `process()` waits for the next one."""
        self._forget(process)
        await process.kill()

    def _forget(self, process: WorkerProcess) -> None:
        if self._restart and self._current is process:
            self._ready = asyncio.get_running_loop().create_future()

    def _fail(self, error: WorkerLostError) -> None:
        """Makes the calls that wait for the process raise an error."""
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # without a waiting call, the event loop must not log it
        if self._restart and not self._stopping:
            self._ready = asyncio.get_running_loop().create_future()

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        quick_deaths = 0
        while True:
            began = loop.time()
            was_ready = await self._run_once()
            if self._stopping or not self._restart:
                return
            self.restarts += 1
            at_once = was_ready and self._restart_at_once
            quick = not at_once and loop.time() - began < _STABLE_AFTER_S
            quick_deaths = quick_deaths + 1 if quick else 0
            if quick_deaths:
                await asyncio.sleep(min(_MAX_RESTART_DELAY_S, 0.1 * 2 ** min(quick_deaths - 1, 6)))

    async def _run_once(self) -> bool:
        """Runs one process from start to death. Returns whether it became ready."""
        assert self._ready is not None
        try:
            process = self._started = await WorkerProcess.start(self._config, self._fork_client)
            fingerprint = await process.ready()
        except WorkerLostError as error:
            if not self._stopping:
                _log.warning(
                    "worker %s: %s",
                    self.name,
                    error.message,
                    extra=event("worker_not_started", worker=self.name, error=error.message),
                )
            self._fail(error)
            return False
        self._ready.set_result(process)
        try:
            if self._on_ready is not None:
                self._on_ready(fingerprint)
            await self._until_exit(process)
        finally:
            self._forget(process)
            if self._on_exit is not None:
                # A service that stops kills processes: their work in flight is not to blame.
                self._on_exit(None if self._stopping else process.in_flight_work)
        await process.kill()
        if self._on_message is not None and not self._stopping:
            _log.warning(
                "worker %s: the process died and is started again",
                self.name,
                extra=event("worker_restarted", worker=self.name),
            )
        return True

    async def _until_exit(self, process: WorkerProcess) -> None:
        """Waits until the process has ended, and receives its messages if `on_message` is set."""
        if self._on_message is None:
            await process.wait()
            return
        watch = asyncio.create_task(self._watch(process))
        try:
            while True:
                message = await process.channel.receive()
                self._stall_timer.end_silence()
                self._on_message(message)
        except EOFError:
            return
        finally:
            watch.cancel()

    async def _watch(self, process: WorkerProcess) -> None:
        """Kills a process that is silent, takes too much memory, or does not finish an event."""
        self._stall_timer, processor_wait = StallTimer(), ProcessorWait(process.pid)
        while (reason := self._reason_to_kill(process)) is None:
            process.channel.send(Ping())
            loading = process.is_loading
            await asyncio.sleep(PING_S)
            seconds = 0.0 if loading or process.is_loading else PING_S
            work = process.in_flight_work
            self._stall_timer.pass_time(seconds, processor_wait.advance(), work)
        _log.warning(
            "worker %s %s: killing it",
            self.name,
            reason,
            extra=event("worker_killed", worker=self.name, reason=reason),
        )
        await process.kill()

    def _reason_to_kill(self, process: WorkerProcess) -> str | None:
        work, timer = process.in_flight_work, self._stall_timer
        if work is not None and timer.in_flight > OVERRUN_S:
            return (
                f"has not finished event {work.first} of generator {work.key.generator} "
                f"after {OVERRUN_S:.0f} s"
            )
        if timer.silent > SILENCE_S:
            return f"has not answered for {SILENCE_S:.0f} s"
        return "exceeds its memory limit" if process.memory() > self._config.memory else None
