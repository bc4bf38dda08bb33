"""Which worker holds which shard, and what every worker is to know: what is wanted, kept.

A worker that was lost comes back knowing nothing; it is told everything again. So whoever asks for
something here need not care whether a process died in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eventer.core.errors import EventerError, WorkerLostError
from eventer.core.model import Position, PositionKey, Segment
from eventer.destinations.base import Flow
from eventer.runs.shard_messages import (
    Assignment,
    CheckCompleted,
    FlowFailed,
    FlowFinished,
    FlowWithdrawn,
)
from eventer.workers.crash_counter import CRASHES, CrashCounter, poison_event_error
from eventer.workers.crash_marker import InFlightWork
from eventer.workers.messages import (
    AssignFlow,
    CheckTarget,
    CommitSummary,
    DeliveryCommand,
    ResumeFlow,
    ShardEvent,
    ShardId,
    ShardUpdate,
    WithdrawFlow,
    WorkerConfig,
)
from eventer.workers.supervisor import Supervisor

_ISOLATE_AFTER: Final = 2
"""Deaths at one place after which it is found out which event it is; one may be from outside."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _DesiredAssignment:
    """A generator that a worker is to hold, until it says that it has let go of it.

    `next_assignment` is what it is to hold of it after that, where this was asked for meanwhile.
    """

    shard: ShardId
    assignment: Assignment
    withdrawal: asyncio.Future[Position | None] | None = None
    position: Position | None = None
    next_assignment: Assignment | None = None


@dataclass(eq=False, slots=True)
class _PendingCheck:
    """A check that a destination has not answered yet."""

    check: CheckTarget
    answer: asyncio.Future[EventerError | None]


class WorkerPool:
    """Local worker processes, and what they are to hold."""

    def __init__(self, count: int, config: WorkerConfig) -> None:
        self._on_update: Callable[[ShardId, ShardUpdate], None] = _ignore
        self._desired: dict[PositionKey, _DesiredAssignment] = {}
        self._checks: dict[int, _PendingCheck] = {}
        self._crash_counter = CrashCounter()
        self._last_token = 0
        self.fingerprint: str | None = None
        """Of the events that the workers make; None until the first one is up."""
        self._workers = [self._worker(number, config) for number in range(count)]

    def _worker(self, number: int, config: WorkerConfig) -> Supervisor:
        return Supervisor(
            f"delivery-{number}",
            config,
            on_ready=lambda fingerprint: self._on_worker_ready(number, fingerprint),
            on_message=self._handle_message,
            on_exit=lambda in_flight: self._on_worker_exit(number, in_flight),
        )

    def start(self, on_message: Callable[[ShardId, ShardUpdate], None]) -> None:
        """Starts the processes, without waiting for them. `on_message` gets all news of shards."""
        self._on_update = on_message
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Lets all processes end what they have under way."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for desired in self._desired.values():
            if desired.withdrawal is not None and not desired.withdrawal.done():
                desired.withdrawal.set_exception(WorkerLostError("the service is stopping"))

    def processes(self) -> Sequence[tuple[str, int | None, int]]:
        """Name, process id and number of restarts of each."""
        return [(worker.name, worker.pid, worker.restarts) for worker in self._workers]

    def worker_of(self, shard: ShardId) -> int:
        """The number of the worker that holds a shard."""
        return shard.number % len(self._workers)

    def assign(self, shard: ShardId, assignment: Assignment) -> None:
        """Gives a generator to its shard; `PositionRead` is heard of it, again after each loss."""
        if (desired := self._desired.get(assignment.key)) is not None:
            assert desired.withdrawal is not None
            desired.next_assignment = assignment
            return
        self._desired[assignment.key] = _DesiredAssignment(shard, assignment)
        self._send(shard, AssignFlow(shard, assignment))

    def resume(self, key: PositionKey, segments: tuple[Segment, ...]) -> None:
        """Lets a positioned generator go on at this pace."""
        if (desired := self._desired.get(key)) is not None:
            self._send(desired.shard, ResumeFlow(desired.shard, key, segments))

    async def withdraw(self, key: PositionKey) -> Position | None:
        """Takes a generator back. When it returns, nothing more of it appears.

        Its position, where it was read since the assignment. It may take as long as its
        destination is away, where it cannot be known otherwise what a lost transaction did.
        """
        desired = self._desired.get(key)
        if desired is None:
            return None
        desired.next_assignment = None
        if desired.withdrawal is None:
            desired.withdrawal = asyncio.get_running_loop().create_future()
            self._send(desired.shard, WithdrawFlow(desired.shard, key))
        return await asyncio.shield(desired.withdrawal)

    async def check(self, shard: ShardId, flow: Flow) -> None:
        """Asks a destination whether it would take a flow.

        Raises:
            DestinationError: what it said, or that it cannot be reached.
            WorkerLostError: the worker died meanwhile.
        """
        self._last_token += 1
        check = CheckTarget(shard, self._last_token, flow)
        pending_check = _PendingCheck(check, asyncio.get_running_loop().create_future())
        self._checks[check.token] = pending_check
        self._send(shard, check)
        try:
            if (error := await pending_check.answer) is not None:
                raise error
        finally:
            del self._checks[check.token]

    def _send(self, shard: ShardId, message: DeliveryCommand) -> None:
        self._workers[self.worker_of(shard)].send(message)

    def _on_worker_ready(self, number: int, fingerprint: str) -> None:
        """Tells a new process everything that it is to hold."""
        self.fingerprint = fingerprint
        for key, desired in self._desired.items():
            if self.worker_of(desired.shard) != number:
                continue
            self._send(desired.shard, AssignFlow(desired.shard, desired.assignment))
            if desired.withdrawal is not None:
                self._send(desired.shard, WithdrawFlow(desired.shard, key))
        for pending_check in self._checks.values():
            if self.worker_of(pending_check.check.shard) == number:
                self._send(pending_check.check.shard, pending_check.check)

    def _on_worker_exit(self, number: int, in_flight: InFlightWork | None) -> None:
        """What the lost process had under way may still be committed by its destination."""
        if in_flight is not None:
            self._record_crash(in_flight)
        for desired in self._desired.values():
            if self.worker_of(desired.shard) == number:
                desired.assignment = replace(desired.assignment, outcome_unknown=True)
        for pending_check in self._checks.values():
            if (
                self.worker_of(pending_check.check.shard) == number
                and not pending_check.answer.done()
            ):
                pending_check.answer.set_exception(
                    WorkerLostError("the worker died while it asked")
                )

    def _record_crash(self, in_flight: InFlightWork) -> None:
        """Gives a generator up that has brought workers down, and nothing else with it."""
        desired = self._desired.get(in_flight.key)
        if desired is None:
            return
        _log.warning(
            "a worker died while it made event %d of generator %d",
            in_flight.first,
            in_flight.key.generator,
        )
        crashes = self._crash_counter.record_crash(in_flight)
        desired.assignment = replace(
            desired.assignment, poison_index=in_flight.first, isolate=crashes >= _ISOLATE_AFTER
        )
        if crashes >= CRASHES and desired.withdrawal is None:
            self._on_ended(in_flight.key, None)
            self._on_update(
                desired.shard, FlowFailed(in_flight.key, poison_event_error(in_flight), None)
            )

    def _handle_message(self, message: Any) -> None:
        if isinstance(message, ShardEvent):
            try:
                self._take(message)
            except Exception:  # noqa: BLE001  one generator never holds up another
                _log.exception("news of shard %s could not be taken", message.shard)

    def _take(self, message: ShardEvent) -> None:
        match message.update:
            case CheckCompleted(token=token, error=error):
                pending_check = self._checks.get(token)
                if pending_check is not None and not pending_check.answer.done():
                    pending_check.answer.set_result(error)
                return
            case FlowWithdrawn(key=key, position=position):
                self._on_withdrawn(key, position)
                return
            case FlowFailed(key=key, position=position) | FlowFinished(key=key, position=position):
                self._on_ended(key, position)
            case CommitSummary(positions=positions):
                for key, position in positions.items():
                    self._crash_counter.record_commit(key, position)
        self._on_update(message.shard, message.update)

    def _on_withdrawn(self, key: PositionKey, position: Position | None) -> None:
        desired = self._desired.pop(key, None)
        self._crash_counter.forget(key)
        if desired is None:
            return
        if desired.withdrawal is not None and not desired.withdrawal.done():
            desired.withdrawal.set_result(position or desired.position)
        if desired.next_assignment is not None:
            self.assign(desired.shard, desired.next_assignment)

    def _on_ended(self, key: PositionKey, position: Position | None) -> None:
        """The shard let go of it by itself. If it was asked to as well, it still answers that."""
        desired = self._desired.get(key)
        self._crash_counter.forget(key)
        if desired is None:
            return
        if desired.withdrawal is None:
            del self._desired[key]
        else:
            desired.position = position


def _ignore(_shard: ShardId, _update: ShardUpdate) -> None:
    """Nobody listens yet."""
