"""Assigns generators to the workers that hold their shards, and assigns them again after a crash.

A new worker process gets all its assignments again: callers need not handle crashes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from eventer.core.bindings import Binding
from eventer.core.cursor import Cursor
from eventer.core.errors import EventerError, WorkerLostError
from eventer.core.logs import event
from eventer.core.model import Position, PositionKey, Segment
from eventer.destinations.base import Flow
from eventer.runs.assignment import Assignment
from eventer.runs.pacing import END
from eventer.runs.shard_messages import CheckCompleted, FlowFailed, FlowFinished, FlowWithdrawn
from eventer.workers.crash_counter import CRASHES, CrashCounter, poison_event_error
from eventer.workers.crash_marker import InFlightWork
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import (
    AssignFlow,
    CheckTarget,
    CommitSummary,
    DeliveryCommand,
    GateFlow,
    ResumeFlow,
    ShardEvent,
    ShardId,
    ShardUpdate,
    WithdrawFlow,
    WorkerConfig,
)
from eventer.workers.supervisor import ProcessStatus, Supervisor

_ISOLATE_AFTER: Final = 2
"""Crashes at one index after which the event is isolated; one may have an outside cause."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _DesiredAssignment:
    """A generator that a worker must hold, until the worker reports that it was withdrawn.

    `next_assignment` follows the withdrawal, if one was requested meanwhile.
    """

    shard: ShardId
    assignment: Assignment
    withdrawal: asyncio.Future[Position | None] | None = None
    position: Position | None = None
    next_assignment: Assignment | None = None


@dataclass(eq=False, slots=True)
class _PendingCheck:
    """A check that its destination has not answered."""

    check: CheckTarget
    answer: asyncio.Future[EventerError | None]


class WorkerPool:
    """Local worker processes and their generators."""

    def __init__(self, count: int, config: WorkerConfig, fork_client: ForkClient) -> None:
        self._on_update: Callable[[ShardId, ShardUpdate], None] = _ignore
        self._desired: dict[PositionKey, _DesiredAssignment] = {}
        self._checks: dict[int, _PendingCheck] = {}
        self._crash_counter = CrashCounter()
        self._last_token = 0
        self.fingerprint: str | None = None
        """The fingerprint of the workers' events; None until the first worker is ready."""
        self._workers = [self._worker(number, config, fork_client) for number in range(count)]

    def _worker(self, number: int, config: WorkerConfig, fork_client: ForkClient) -> Supervisor:
        return Supervisor(
            f"delivery-{number}",
            config,
            fork_client,
            on_ready=lambda fingerprint: self._on_worker_ready(number, fingerprint),
            on_message=self._handle_message,
            on_exit=lambda in_flight: self._on_worker_exit(number, in_flight),
        )

    def start(self, on_message: Callable[[ShardId, ShardUpdate], None]) -> None:
        """Starts the processes without waiting. `on_message` gets all updates of shards."""
        self._on_update = on_message
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Stops all processes after their work in flight."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for desired in self._desired.values():
            if desired.withdrawal is not None and not desired.withdrawal.done():
                desired.withdrawal.set_exception(WorkerLostError("the service is stopping"))

    def processes(self) -> list[ProcessStatus]:
        """Each of its processes."""
        return [each.status for each in self._workers]

    def worker_of(self, shard: ShardId) -> int:
        """The number of the worker that holds a shard."""
        return shard.number % len(self._workers)

    def assign(self, shard: ShardId, assignment: Assignment) -> None:
        """Gives a generator to its shard; `PositionRead` follows, again after each crash."""
        if (desired := self._desired.get(assignment.key)) is not None:
            assert desired.withdrawal is not None
            desired.next_assignment = assignment
            return
        self._desired[assignment.key] = _DesiredAssignment(shard, assignment)
        self._send(shard, AssignFlow(shard, assignment))

    def resume(
        self,
        key: PositionKey,
        segments: tuple[Segment, ...],
        live_from: int = 0,
        bindings: tuple[Binding, ...] = (),
        gate: int = END,
        *,
        cursor: Cursor | None = None,
        first_timeline: int = 0,
    ) -> None:
        """Lets a generator whose position was read continue at this pace; see `ResumeFlow`."""
        if (desired := self._desired.get(key)) is not None:
            shard = desired.shard
            resume = ResumeFlow(
                shard, key, segments, live_from, bindings, gate, cursor, first_timeline
            )
            self._send(shard, resume)

    def set_gate(self, key: PositionKey, gate: int) -> None:
        """Lets events of a generator wait; see `GateFlow`."""
        if (desired := self._desired.get(key)) is not None:
            self._send(desired.shard, GateFlow(desired.shard, key, gate))

    async def withdraw(self, key: PositionKey) -> Position | None:
        """Withdraws a generator; after it returns, no more events of it appear.

        Returns its position, if it was read since the assignment. While the outcome of a
        transaction is unknown, this waits until the destination is reachable.
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
        """Asks a destination whether it accepts a flow.

        Raises:
            DestinationError: the destination rejects the flow or cannot be reached.
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
        """Assigns all its generators to a new process."""
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
        """The destination may still commit the transactions of a process that died."""
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
                    WorkerLostError("the worker process died during the check")
                )

    def _record_crash(self, in_flight: InFlightWork) -> None:
        """Counts a crash for the generator in flight; after too many, that generator fails."""
        desired = self._desired.get(in_flight.key)
        if desired is None:
            return
        _log.warning(
            "a worker died while it generated event %d of generator %d",
            in_flight.first,
            in_flight.key.generator,
            extra=event(
                "worker_died", index=in_flight.first, generator_id=str(in_flight.key.generator)
            ),
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
            except Exception:  # noqa: BLE001  one generator must not hold up another
                _log.exception(
                    "an update of shard %s could not be handled",
                    message.shard,
                    extra=event(
                        "shard_update_failed",
                        connection=message.shard.connection,
                        shard=message.shard.number,
                    ),
                )

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
        """A generator failed or finished. A withdrawal of it is still answered."""
        desired = self._desired.get(key)
        self._crash_counter.forget(key)
        if desired is None:
            return
        if desired.withdrawal is None:
            del self._desired[key]
        else:
            desired.position = position


def _ignore(_shard: ShardId, _update: ShardUpdate) -> None:
    """The pool was not started yet."""
