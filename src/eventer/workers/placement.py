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
from eventer.runs.instructions import Assignment, Checked, Failed, Finished, Withdrawn
from eventer.workers.local import KeptWorker
from eventer.workers.messages import (
    Assign,
    CheckTarget,
    CommitSummary,
    Configure,
    Go,
    Heard,
    ShardId,
    ShardNews,
    ToDelivery,
    Withdraw,
)
from eventer.workers.slate import UnderWay
from eventer.workers.strikes import DEATHS, Strikes, given_up

_SUSPICIOUS: Final = 2
"""Deaths at one place after which it is found out which event it is; one may be from outside."""

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Wanted:
    """A generator that a worker is to hold, until it says that it has let go of it.

    `again` is what it is to hold of it after that, where this was asked for meanwhile.
    """

    shard: ShardId
    assignment: Assignment
    withdrawal: asyncio.Future[Position | None] | None = None
    position: Position | None = None
    again: Assignment | None = None


@dataclass(eq=False, slots=True)
class _Asked:
    """A check that a destination has not answered yet."""

    question: CheckTarget
    answer: asyncio.Future[EventerError | None]


class Placement:
    """Local worker processes, and what they are to hold."""

    def __init__(self, count: int, configure: Configure) -> None:
        self._hear: Callable[[ShardId, ShardNews], None] = _ignore
        self._wanted: dict[PositionKey, _Wanted] = {}
        self._checks: dict[int, _Asked] = {}
        self._strikes = Strikes()
        self._tokens = 0
        self.fingerprint: str | None = None
        """Of the events that the workers make; None until the first one is up."""
        self._workers = [self._worker(number, configure) for number in range(count)]

    def _worker(self, number: int, configure: Configure) -> KeptWorker:
        return KeptWorker(
            f"delivery-{number}",
            configure,
            arrived=lambda fingerprint: self._arrived(number, fingerprint),
            hear=self._heard,
            gone=lambda making: self._gone(number, making),
        )

    def start(self, hear: Callable[[ShardId, ShardNews], None]) -> None:
        """Starts the processes, without waiting for them. `hear` gets all news of shards."""
        self._hear = hear
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """Lets all processes end what they have under way."""
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for wanted in self._wanted.values():
            if wanted.withdrawal is not None and not wanted.withdrawal.done():
                wanted.withdrawal.set_exception(WorkerLostError("the service is stopping"))

    def processes(self) -> Sequence[tuple[str, int | None, int]]:
        """Name, process id and number of restarts of each."""
        return [(worker.name, worker.pid, worker.restarts) for worker in self._workers]

    def worker_of(self, shard: ShardId) -> int:
        """The number of the worker that holds a shard."""
        return shard.number % len(self._workers)

    def assign(self, shard: ShardId, assignment: Assignment) -> None:
        """Gives a generator to its shard; `Positioned` is heard of it, again after each loss."""
        if (wanted := self._wanted.get(assignment.key)) is not None:
            assert wanted.withdrawal is not None
            wanted.again = assignment
            return
        self._wanted[assignment.key] = _Wanted(shard, assignment)
        self._send(shard, Assign(shard, assignment))

    def go(self, key: PositionKey, segments: tuple[Segment, ...]) -> None:
        """Lets a positioned generator go on at this pace."""
        if (wanted := self._wanted.get(key)) is not None:
            self._send(wanted.shard, Go(wanted.shard, key, segments))

    async def withdraw(self, key: PositionKey) -> Position | None:
        """Takes a generator back. When it returns, nothing more of it appears.

        Its position, where it was read since the assignment. It may take as long as its
        destination is away, where it cannot be known otherwise what a lost transaction did.
        """
        wanted = self._wanted.get(key)
        if wanted is None:
            return None
        wanted.again = None
        if wanted.withdrawal is None:
            wanted.withdrawal = asyncio.get_running_loop().create_future()
            self._send(wanted.shard, Withdraw(wanted.shard, key))
        return await asyncio.shield(wanted.withdrawal)

    async def check(self, shard: ShardId, flow: Flow) -> None:
        """Asks a destination whether it would take a flow.

        Raises:
            DestinationError: what it said, or that it cannot be reached.
            WorkerLostError: the worker died meanwhile.
        """
        self._tokens += 1
        question = CheckTarget(shard, self._tokens, flow)
        asked = _Asked(question, asyncio.get_running_loop().create_future())
        self._checks[question.token] = asked
        self._send(shard, question)
        try:
            if (error := await asked.answer) is not None:
                raise error
        finally:
            del self._checks[question.token]

    def _send(self, shard: ShardId, message: ToDelivery) -> None:
        self._workers[self.worker_of(shard)].send(message)

    def _arrived(self, number: int, fingerprint: str) -> None:
        """Tells a new process everything that it is to hold."""
        self.fingerprint = fingerprint
        for key, wanted in self._wanted.items():
            if self.worker_of(wanted.shard) != number:
                continue
            self._send(wanted.shard, Assign(wanted.shard, wanted.assignment))
            if wanted.withdrawal is not None:
                self._send(wanted.shard, Withdraw(wanted.shard, key))
        for asked in self._checks.values():
            if self.worker_of(asked.question.shard) == number:
                self._send(asked.question.shard, asked.question)

    def _gone(self, number: int, making: UnderWay | None) -> None:
        """What the lost process had under way may still be committed by its destination."""
        if making is not None:
            self._blame(making)
        for wanted in self._wanted.values():
            if self.worker_of(wanted.shard) == number:
                wanted.assignment = replace(wanted.assignment, doubtful=True)
        for asked in self._checks.values():
            if self.worker_of(asked.question.shard) == number and not asked.answer.done():
                asked.answer.set_exception(WorkerLostError("the worker died while it asked"))

    def _blame(self, making: UnderWay) -> None:
        """Gives a generator up that has brought workers down, and nothing else with it."""
        wanted = self._wanted.get(making.key)
        if wanted is None:
            return
        _log.warning(
            "a worker died while it made event %d of generator %d",
            making.first,
            making.key.generator,
        )
        deaths = self._strikes.died(making)
        wanted.assignment = replace(
            wanted.assignment, wary_of=making.first, singly=deaths >= _SUSPICIOUS
        )
        if deaths >= DEATHS and wanted.withdrawal is None:
            self._ended(making.key, None)
            self._hear(wanted.shard, Failed(making.key, given_up(making), None))

    def _heard(self, message: Any) -> None:
        if isinstance(message, Heard):
            try:
                self._take(message)
            except Exception:  # noqa: BLE001  one generator never holds up another
                _log.exception("news of shard %s could not be taken", message.shard)

    def _take(self, message: Heard) -> None:
        match message.news:
            case Checked(token=token, error=error):
                asked = self._checks.get(token)
                if asked is not None and not asked.answer.done():
                    asked.answer.set_result(error)
                return
            case Withdrawn(key=key, position=position):
                self._withdrawn(key, position)
                return
            case Failed(key=key, position=position) | Finished(key=key, position=position):
                self._ended(key, position)
            case CommitSummary(positions=positions):
                for key, position in positions.items():
                    self._strikes.committed(key, position)
        self._hear(message.shard, message.news)

    def _withdrawn(self, key: PositionKey, position: Position | None) -> None:
        wanted = self._wanted.pop(key, None)
        self._strikes.forget(key)
        if wanted is None:
            return
        if wanted.withdrawal is not None and not wanted.withdrawal.done():
            wanted.withdrawal.set_result(position or wanted.position)
        if wanted.again is not None:
            self.assign(wanted.shard, wanted.again)

    def _ended(self, key: PositionKey, position: Position | None) -> None:
        """The shard let go of it by itself. If it was asked to as well, it still answers that."""
        wanted = self._wanted.get(key)
        self._strikes.forget(key)
        if wanted is None:
            return
        if wanted.withdrawal is None:
            del self._wanted[key]
        else:
            wanted.position = position


def _ignore(_shard: ShardId, _news: ShardNews) -> None:
    """Nobody listens yet."""
