"""Verifies generators, each in its own process, which ends when the client disconnects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final

from eventer.core.errors import EventerError, RequestError, WorkerLostError
from eventer.core.model import Position, PositionKey
from eventer.destinations.audit import AuditReport
from eventer.registry.base import GeneratorRecord, target_location
from eventer.service.generator import Generator, position_lost
from eventer.service.reference_histories import all_bindings
from eventer.service.views import Verification
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import (
    AuditorMessage,
    AuditProgress,
    AuditRequest,
    AuditResult,
    ReplaySpecs,
    SnapshotTaken,
    WorkerConfig,
)
from eventer.workers.supervisor import Supervisor
from eventer.workers.worker_process import WorkerProcess

MAX_CONCURRENT_VERIFICATIONS: Final = 2
"""Concurrent verifications: each uses one CPU."""


class Verifier:
    """Starts auditors. `config` holds the connectors of all connections."""

    def __init__(self, config: WorkerConfig, fork_client: ForkClient) -> None:
        self._config = config
        self._fork_client = fork_client
        self._running = 0

    async def verify(
        self, generator: Generator, generators: Mapping[int, Generator], *, allow_foreign: bool
    ) -> AsyncIterator[AuditProgress | Verification]:
        """Compares the delivered events with recomputed ones; yields progress, then the result.

        Raises:
            WorkerLostError: too many verifications are running, or the process died.
            PositionLostError: the destination's position is behind the last committed one.
            EventerError: the destination cannot be read, or the events cannot be recomputed.
        """
        if self._running >= MAX_CONCURRENT_VERIFICATIONS:
            raise WorkerLostError(
                f"{MAX_CONCURRENT_VERIFICATIONS} verifications are already running",
                hint="try again later",
            )
        if (name := generator.record.spec.target.connection) not in self._config.connectors:
            raise RequestError(f"connection {name!r} is not configured: configure it again")
        self._running += 1
        auditor = Supervisor("auditor", self._config, self._fork_client, restart=False)
        auditor.start()
        try:
            process = await auditor.process()
            async for update in _verify(
                process, generator, generators, allow_foreign=allow_foreign
            ):
                yield update
        except EOFError as error:
            raise WorkerLostError(
                "the verifying process died",
                hint="it may need more memory: raise EVENTER_LIMITS__WORKER_MEMORY_BYTES",
            ) from error
        finally:
            self._running -= 1
            await auditor.stop()


async def _verify(
    process: WorkerProcess,
    generator: Generator,
    generators: Mapping[int, Generator],
    *,
    allow_foreign: bool,
) -> AsyncIterator[AuditProgress | Verification]:
    place = target_location(generator.record.spec.target)
    siblings = [
        each
        for each in generators.values()
        if each is not generator and target_location(each.record.spec.target) == place
    ]
    flows = tuple(each.flow for each in siblings)
    committed = generator.position.next
    process.channel.send(AuditRequest(generator.shard, generator.flow, flows))
    while True:
        message: AuditorMessage = await process.channel.receive()
        match message:
            case SnapshotTaken(positions=positions):
                _check_position(generator, positions, committed)
                process.channel.send(_replay_specs([generator, *siblings], positions, generators))
            case AuditProgress():
                yield message
            case AuditResult(outcome=EventerError() as error):
                raise error
            case AuditResult(outcome=AuditReport() as report):
                clean = report.clean(allow_foreign=allow_foreign)
                yield Verification(generator.record.id, report, clean)
                return


def _check_position(
    generator: Generator, positions: Mapping[PositionKey, Position], committed: int
) -> None:
    """Checks that the destination still has the committed position.

    Raises:
        PositionLostError: the destination's position is behind it.
    """
    current = positions[generator.key].next
    if current < committed:
        raise position_lost(generator.record.id, current, committed)


def _replay_specs(
    wanted: list[Generator],
    positions: Mapping[PositionKey, Position],
    generators: Mapping[int, Generator],
) -> ReplaySpecs:
    """The current records: read after the positions, so they cover all events up to them."""
    return ReplaySpecs(
        {each.key: _replayed(each, generators) for each in wanted if each.key in positions}
    )


def _replayed(generator: Generator, generators: Mapping[int, Generator]) -> GeneratorRecord:
    """The record of a generator, with the bindings of those to which it refers."""
    return replace(generator.record, bindings=all_bindings(generator, generators))
