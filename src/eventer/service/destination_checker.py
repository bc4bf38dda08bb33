"""Asks destinations whether they accept the targets of an add request."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EventerError,
    Fault,
)
from eventer.core.model import PositionKey
from eventer.core.pointer import format_pointer
from eventer.destinations.base import Flow
from eventer.registry.base import Cluster
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.request_faults import raise_faults
from eventer.service.resolved_schedule import ResolvedSchedule, needs_change
from eventer.workers.messages import ShardId
from eventer.workers.worker_pool import WorkerPool

CHECK_S: Final = 2.0
"""Time limit for a destination to accept or reject a target."""


class NoAnswerYetError(DestinationUnavailableError):
    """A destination did not answer in time; it may still accept the target."""


@dataclass(frozen=True, slots=True)
class DestinationChecker:
    """Checks the targets of new generators; `generators` are the existing ones."""

    generators: GeneratorIndex
    worker_pool: WorkerPool
    cluster: Cluster

    async def errors(self, resolved: Sequence[ResolvedSchedule]) -> Mapping[int, EventerError]:
        """The errors that new generators wait for, by id.

        Raises:
            RequestError: a destination rejects a target.
        """
        flows = _by_flow(each for each in resolved if self._is_new(each))
        asked = [group for group in flows if self._needs_check(group)]
        answers = await asyncio.gather(*(self._check_target(group[0]) for group in asked))
        pairs = [
            (each, error) for group, error in zip(asked, answers, strict=True) for each in group
        ]
        rejections = (
            _rejection_fault(each, error)
            for each, error in pairs
            if isinstance(error, DestinationRejectedError)
        )
        raise_faults(list(dict.fromkeys(rejections)))
        return {each.id: error for each, error in pairs if error is not None}

    def _is_new(self, resolved: ResolvedSchedule) -> bool:
        generator = self.generators.get(resolved.id)
        return generator is None or needs_change(generator.record, resolved)

    def _needs_check(self, group: Sequence[ResolvedSchedule]) -> bool:
        """Whether a generator of the group changes, or none delivers such events there."""
        if any(each.id in self.generators for each in group):
            return True
        present = self.generators.at(group[0].spec.target)
        return not any(_is_healthy(each, group[0]) for each in present)

    async def _check_target(self, resolved: ResolvedSchedule) -> EventerError | None:
        target = resolved.spec.target
        shard = ShardId(target.connection, resolved.id % self.cluster.shards)
        flow = Flow.of(PositionKey(self.cluster.id, resolved.id, 0), resolved.spec)
        try:
            async with asyncio.timeout(CHECK_S):
                await self.worker_pool.check(shard, flow)
        except TimeoutError:
            return NoAnswerYetError(
                f"{target.connection!r} has not answered yet",
                hint="Eventer keeps trying; the first time after an installation, it also waits "
                "until its kernels are compiled",
            )
        except EventerError as error:
            return error
        return None


def _by_flow(resolved: Iterable[ResolvedSchedule]) -> list[list[ResolvedSchedule]]:
    """Groups the schedules of equal targets and shapes: a destination answers once for each."""
    groups: dict[object, list[ResolvedSchedule]] = {}
    for each in {each.id: each for each in resolved}.values():
        groups.setdefault((each.spec.target, each.spec.shape), []).append(each)
    return list(groups.values())


def _is_healthy(generator: Generator, resolved: ResolvedSchedule) -> bool:
    """Whether a generator is delivering such events to this target: then no check is needed."""
    flows = generator.active and not generator.waiting and generator.guarantee is not None
    known, requested = generator.record.spec, resolved.spec
    return flows and known.target == requested.target and known.shape == requested.shape


def _rejection_fault(resolved: ResolvedSchedule, error: DestinationRejectedError) -> Fault:
    target = resolved.spec.target
    pointer = format_pointer(["destinations", resolved.destination_number, target.kind])
    return Fault(pointer, error.message, error.hint)
