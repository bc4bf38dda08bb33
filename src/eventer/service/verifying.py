"""Verifies generators, each in a process of its own that is ended when nobody waits for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from eventer.core.errors import EventerError, RequestError, WorkerLostError
from eventer.core.model import Position, PositionKey
from eventer.destinations.readback import Report
from eventer.registry.base import place_of
from eventer.service.generator import Generator, position_lost
from eventer.service.views import Verification, VerifyProgress
from eventer.workers.local import LocalProcess
from eventer.workers.messages import (
    Audit,
    Audited,
    AuditProgress,
    Configure,
    FromAuditor,
    Looking,
    Making,
    Makings,
)

AT_ONCE: Final = 2
"""Verifications at a time: each takes a processor."""


class Verifier:
    """Starts auditors. `configure` is what a process is told, with the connectors of all."""

    def __init__(self, configure: Configure) -> None:
        self._configure = configure
        self._running = 0

    async def verify(
        self, generator: Generator, generators: Mapping[int, Generator], *, allow_foreign: bool
    ) -> AsyncIterator[VerifyProgress | Verification]:
        """Compares what landed with the events, telling how far it is; the outcome comes last.

        Raises:
            WorkerLostError: too many are verified already, or the process died.
            PositionLostError: the destination is behind what was seen committed.
            EventerError: whatever keeps it from being compared.
        """
        if self._running >= AT_ONCE:
            raise WorkerLostError(
                f"{AT_ONCE} generators are being verified already", hint="try again later"
            )
        if (name := generator.record.target.connection) not in self._configure.connectors:
            raise RequestError(f"there is no connection {name!r} any more: configure it again")
        self._running += 1
        process: LocalProcess | None = None
        try:
            process = await LocalProcess.start(self._configure)
            await process.ready()
            async for news in _ask(process, generator, generators, allow_foreign=allow_foreign):
                yield news
        except EOFError as error:
            raise WorkerLostError(
                "the process that verified died of it",
                hint="it may take more memory than a worker is allowed",
            ) from error
        finally:
            self._running -= 1
            if process is not None:
                await process.kill()


async def _ask(
    process: LocalProcess,
    generator: Generator,
    generators: Mapping[int, Generator],
    *,
    allow_foreign: bool,
) -> AsyncIterator[VerifyProgress | Verification]:
    place = place_of(generator.record.target)
    beside = [
        each
        for each in generators.values()
        if each is not generator and place_of(each.record.target) == place
    ]
    flows = tuple(each.flow for each in beside)
    seen = generator.position.next
    process.channel.send(Audit(generator.shard, generator.flow, flows))
    while True:
        message: FromAuditor = await process.channel.receive()
        match message:
            case Looking(positions=positions):
                _check(generator, positions, seen)
                process.channel.send(_makings([generator, *beside], positions))
            case AuditProgress(made=made, total=total):
                yield VerifyProgress(made, total)
            case Audited(outcome=EventerError() as error):
                raise error
            case Audited(outcome=Report() as report):
                clean = report.clean(allow_foreign=allow_foreign)
                yield Verification(generator.record.id, report, clean)
                return


def _check(generator: Generator, positions: Mapping[PositionKey, Position], seen: int) -> None:
    """Refuses to take a destination that has lost a position for one that was told nothing.

    Raises:
        PositionLostError: it has.
    """
    found = positions[generator.key].next
    if found < seen:
        raise position_lost(generator.record.id, found, seen)


def _makings(generators: list[Generator], positions: Mapping[PositionKey, Position]) -> Makings:
    """How events are made, as known now: after the positions, so that it holds for all of them."""
    return Makings(
        {
            each.key: Making(each.recipe, each.record.segments, each.record.fingerprints)
            for each in generators
            if each.key in positions
        }
    )
