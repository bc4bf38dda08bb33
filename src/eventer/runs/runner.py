"""Carries out the instructions of a shard, over a connection and a generation thread."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND, Clock
from eventer.core.errors import DestinationUnavailableError, EventerError, UnknownOutcomeError
from eventer.core.logs import event
from eventer.destinations.base import ShardConnection
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, CommitPolicy
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.io_timeout import io_timeout
from eventer.runs.shard import Shard
from eventer.runs.shard_messages import (
    Check,
    Close,
    Deliver,
    Generate,
    IoInstruction,
    Open,
    Prepare,
    ReadPositions,
    ShardReport,
)

IO_TIMEOUT_S: Final = 90.0
"""A last resort against hanging: the time limits of the clients are shorter."""
QUARANTINE_TIMEOUT_S: Final = 5.0
"""For a delivery that holds up others and is likely to fail."""
_MAX_SLEEP_S: Final = 1.0
"""The wall clock may be set: it is read again after this time."""

_log = logging.getLogger(__name__)


class ShardRunner:
    """Runs one shard until it is stopped. After a call of a method of `shard`, call `wake`.

    `on_report` gets every report, in order, and must not block.
    """

    def __init__(
        self,
        connect: Callable[[], ShardConnection],
        generation_thread: GenerationThread,
        on_report: Callable[[ShardReport], None],
        clock: Clock,
        *,
        jitter: Callable[[], float] = random.random,
        policy: CommitPolicy = AS_SOON_AS_POSSIBLE,
    ) -> None:
        self.shard = Shard(policy)
        self._connect = connect
        self._connection: ShardConnection | None = None
        self._generation_thread = generation_thread
        self._on_report = on_report
        self._clock = clock
        self._jitter = jitter
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._io: tuple[IoInstruction, asyncio.Task[None]] | None = None
        self._fatal_error: BaseException | None = None

    def wake(self) -> None:
        """Lets the shard decide again."""
        self._woken.set()

    def stop(self) -> None:
        """Stops the shard; a delivery in flight is completed, other instructions are cancelled."""
        self.shard.stop()
        if self._io is not None and not isinstance(self._io[0], Deliver | Close):
            self._io[1].cancel()
        self.wake()

    async def run(self) -> None:
        """Runs until the shard has stopped.

        Raises:
            BrokenPipeError: the reader of standard output closed it.
        """
        try:
            while not self.shard.stopped:
                self._step()
                if self._fatal_error is not None:
                    raise self._fatal_error
                await self._sleep()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._close()

    def _step(self) -> None:
        self._woken.clear()
        for instruction in self.shard.decide(self._clock.now_ns()):
            if isinstance(instruction, Generate):
                self._start(self._generate(instruction))
            else:
                self._io = (instruction, self._start(self._carry_out(instruction)))
        for report in self.shard.take_reports():
            self._on_report(report)

    async def _sleep(self) -> None:
        at = self.shard.wake_at()
        if self.shard.stopped:
            return
        delay = _MAX_SLEEP_S
        if at is not None:
            delay = min(delay, max(0.0, (at - self._clock.now_ns()) / NS_PER_SECOND))
        timer = asyncio.get_running_loop().call_later(delay, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._io is not None and self._io[1] is task:
            self._io = None
            if task.cancelled():  # before it began, so that it could not say so
                self._failed(_stopping_error())
        if not task.cancelled() and task.exception() is not None:
            self._fatal_error = task.exception()
        self._woken.set()

    async def _generate(self, instruction: Generate) -> None:
        results = await self._generation_thread.generate(
            instruction.requests, instruction.byte_budget
        )
        self.shard.generation.generated(results, self._clock.now_ns())
        if self._connection is not None:
            for result in results:
                if result.batch is not None:
                    self._connection.encode_ahead(result.request.assignment.flow, result.batch)

    async def _carry_out(self, instruction: IoInstruction) -> None:
        try:
            async with io_timeout(_timeout(instruction)):
                await self._use(instruction)
        except EventerError as error:
            self._failed(error)
        except TimeoutError:
            self._failed(_timeout_error(instruction))
        except asyncio.CancelledError:
            self._failed(_stopping_error())
        except BrokenPipeError:
            raise
        except Exception:  # noqa: BLE001  an error of a client must not end the shard
            _log.exception("a connection failed unexpectedly", extra=event("connection_failed"))
            self._failed(
                UnknownOutcomeError(
                    "an internal error of Eventer ended the connection",
                    hint="the log has the details; please report them",
                )
            )

    def _failed(self, error: EventerError) -> None:
        self.shard.connection.failed(error, self._clock.now_ns(), self._jitter())

    async def _use(self, instruction: IoInstruction) -> None:
        if isinstance(instruction, Open):
            self._connection = self._connect()
            self.shard.connection.opened(await self._connection.open())
        elif isinstance(instruction, Close):
            await self._close()
            self.shard.connection.closed()
        else:
            assert self._connection is not None
            await self._ask(self._connection, instruction)

    async def _ask(
        self, connection: ShardConnection, instruction: ReadPositions | Check | Prepare | Deliver
    ) -> None:
        now = self._clock.now_ns
        match instruction:
            case ReadPositions(keys=keys):
                self.shard.connection.positions_read(await connection.positions(keys), now())
            case Check(flow=flow):
                await connection.check(flow)
                self.shard.connection.checked(now())
            case Prepare(flow=flow):
                await connection.prepare(flow)
                self.shard.connection.prepared(now())
            case Deliver(deliveries=deliveries):
                outcome = await connection.deliver(deliveries)
                self.shard.connection.delivered(outcome, now(), self._jitter())

    async def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _stopping_error() -> EventerError:
    return DestinationUnavailableError("the shard is stopping")


def _timeout(instruction: IoInstruction) -> float:
    quarantine_probe = isinstance(instruction, Deliver) and instruction.quarantine_probe
    return QUARANTINE_TIMEOUT_S if quarantine_probe else IO_TIMEOUT_S


def _timeout_error(instruction: IoInstruction) -> EventerError:
    what = type(instruction).__name__.lower()
    seconds = _timeout(instruction)
    message = f"the destination did not answer within {seconds:.0f} s ({what})"
    if isinstance(instruction, Deliver):
        return UnknownOutcomeError(message)
    return DestinationUnavailableError(message)
