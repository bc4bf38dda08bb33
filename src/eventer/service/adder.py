"""Carries out add requests: inspects, asks destinations, decides, writes, launches."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from eventer.core.clock import Clock
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EventerError,
    Fault,
    RequestError,
    TemplateError,
)
from eventer.core.model import PositionKey, Stream, Target, Template
from eventer.core.pointer import format_pointer
from eventer.destinations.base import Flow
from eventer.plan.engine import EventContext
from eventer.registry.base import GeneratorRecord, Registry
from eventer.runs.instructions import Recipe
from eventer.service.adding import (
    Wanted,
    additions,
    changes_to,
    conflicts,
    needs_change,
    new_record,
    seed_key,
    seeds_of,
    wanted_by,
)
from eventer.service.checking import refuse, request_faults
from eventer.service.connections import KnownConnection
from eventer.service.generator import Generator
from eventer.service.lifecycle import Lifecycle
from eventer.service.limits import limit_faults
from eventer.service.locks import Locks
from eventer.service.requests import AddRequest, EventRequest
from eventer.settings import Settings
from eventer.workers.inspectors import Inspectors
from eventer.workers.messages import Inspect, Inspection, ShardId
from eventer.workers.placement import Placement

DRY_RUN: Final = 100
"""How many first events of a template are made before it is accepted."""
CHECK_S: Final = 2.0
"""How long a destination may take to say what only it can tell."""
AT_ONCE: Final = 8
"""How many templates of one request are inspected at once: other requests have their turn too."""
MARGIN: Final = 0.75
"""Part of the time for a dry run after which it is content with the events that it has."""


class NoAnswerYetError(DestinationUnavailableError):
    """A destination takes its time; perhaps nothing is wrong."""


class Added:
    """What became of a schedule: its generator, and whether it was made or changed."""

    def __init__(self, generator: Generator, related: tuple[int, ...]) -> None:
        self.generator = generator
        self.related = related
        self.created = False
        self.updated = False


@dataclass(eq=False, slots=True)
class Adder:
    """Adds generators to a running service."""

    settings: Settings
    registry: Registry
    lifecycle: Lifecycle
    inspectors: Inspectors
    placement: Placement
    connections: Mapping[str, KnownConnection]
    clock: Clock
    locks: Locks
    _deciding: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, request: AddRequest) -> tuple[Added, ...]:
        """See `eventer.service.eventer.Eventer.add`."""
        refuse(list(request_faults(request, self.connections)))
        seeds = _draw_seeds(request.events)
        inspections = await self._inspect_all(request, seeds)
        wanted = wanted_by(request, inspections)
        refuse([*_refusals(wanted), *conflicts(wanted)])
        troubles = await self._ask_destinations(wanted)
        drawn = {w.stream_key: seeds[w.event_number] for w in reversed(wanted)}
        ids = {each.id for each in wanted}
        async with self.locks.hold(ids):
            return await self._carry_out(wanted, drawn, troubles)

    # --- templates ----------------------------------------------------------------------------

    async def _inspect_all(
        self, request: AddRequest, seeds: Sequence[int]
    ) -> tuple[Inspection, ...]:
        going, turns = _targets(request), asyncio.Semaphore(AT_ONCE)

        async def inspect(event: EventRequest, seed: int) -> Inspection:
            async with turns:
                return await self.inspect(event, seed, going[event.id])

        answers = await asyncio.gather(*map(inspect, request.events, seeds), return_exceptions=True)
        faults = []
        for number, (event, answer) in enumerate(zip(request.events, answers, strict=True)):
            if isinstance(answer, TemplateError | RequestError):
                faults.append(_template_fault(answer, number, event))
            elif isinstance(answer, BaseException):
                raise answer
        refuse(faults)
        return tuple(answer for answer in answers if isinstance(answer, Inspection))

    async def inspect(
        self, event: EventRequest, seed: int, targets: Collection[Target]
    ) -> Inspection:
        """What is known of an event's template, for these targets."""
        seconds = self.settings.limits.inspect_seconds
        recipe = Recipe(
            Template(event.template, vars=event.vars),
            Stream(seed, event.stream),
            EventContext(event.dataset, self.settings.instance_id),
        )
        question = Inspect(
            recipe,
            at=self.clock.now_ns(),
            count=DRY_RUN,
            seconds=seconds * MARGIN,
            targets=tuple(targets),
        )
        return await self.inspectors.inspect(question, seconds)

    # --- destinations -------------------------------------------------------------------------

    async def _ask_destinations(self, wanted: Sequence[Wanted]) -> Mapping[int, EventerError]:
        """What new generators have to wait for, by id.

        Raises:
            RequestError: a destination refuses one of them.
        """
        new = {each.id: each for each in wanted if self._is_to_be_asked(each)}
        answers = await asyncio.gather(*(self._ask(each) for each in new.values()))
        pairs = list(zip(new.values(), answers, strict=True))
        refuse(
            [
                _refusal_fault(each, error)
                for each, error in pairs
                if isinstance(error, DestinationRejectedError)
            ]
        )
        return {each.id: error for each, error in pairs if error is not None}

    def _is_to_be_asked(self, wanted: Wanted) -> bool:
        generator = self.lifecycle.generators.get(wanted.id)
        if generator is not None:
            return needs_change(generator.record, wanted)
        return not any(_vouches_for(each, wanted) for each in self.lifecycle.generators.values())

    async def _ask(self, wanted: Wanted) -> EventerError | None:
        cluster = self.registry.cluster
        target, shape = wanted.destination.target, wanted.inspection.shape
        shard = ShardId(target.connection, wanted.id % cluster.shards)
        flow = Flow(PositionKey(cluster.id, wanted.id, 0), target, shape)
        try:
            async with asyncio.timeout(CHECK_S):
                await self.placement.check(shard, flow)
        except TimeoutError:
            return NoAnswerYetError(
                f"{target.connection!r} has not answered yet", hint="it is tried again by itself"
            )
        except EventerError as error:
            return error
        return None

    # --- decision -----------------------------------------------------------------------------

    async def _carry_out(
        self,
        wanted: Sequence[Wanted],
        drawn: Mapping[str, int],
        troubles: Mapping[int, EventerError],
    ) -> tuple[Added, ...]:
        first = {each.id: each for each in reversed(wanted)}
        generators = self.lifecycle.generators
        changing = {
            id_: generators[id_]
            for id_, each in first.items()
            if id_ in generators and needs_change(generators[id_].record, each)
        }
        new = [each for id_, each in first.items() if id_ not in generators]
        async with self._taken_back(changing.values()), self._deciding:
            self._refuse_too_much(wanted)
            now = self.clock.now_ns()
            changes = list(additions(await self._records(new, drawn, now)))
            for id_, generator in changing.items():
                changes += changes_to(generator.record, first[id_], now)
            if changes:
                await self.registry.apply(changes)
            await self._reload([each.id for each in new], changing, now)
        self._note_troubles(troubles)
        return await self._added(wanted, {each.id for each in new}, changing)

    def _refuse_too_much(self, wanted: Sequence[Wanted]) -> None:
        records = {id_: each.record for id_, each in self.lifecycle.generators.items()}
        refuse(list(limit_faults(wanted, records, self.settings.limits)))

    async def _records(
        self, new: Sequence[Wanted], drawn: Mapping[str, int], now: int
    ) -> list[GeneratorRecord]:
        seeds = seeds_of(new, drawn, await self._known_seeds(new))
        return [
            new_record(
                each,
                seed=seeds[each.id],
                shards=self.registry.cluster.shards,
                instance_id=self.settings.instance_id,
                now=now,
            )
            for each in new
        ]

    async def _known_seeds(self, wanted: Sequence[Wanted]) -> Mapping[str, int]:
        known: dict[str, int] = {}
        for each in {seed_key(each): each for each in wanted}.values():
            seed = await self.registry.find_seed(each.event.stream, each.inspection.digest)
            if seed is not None:
                known[seed_key(each)] = seed
        return known

    @asynccontextmanager
    async def _taken_back(self, changing: Collection[Generator]) -> AsyncIterator[None]:
        """Generators that are to change are not at work meanwhile; afterwards they are again."""
        running = [generator for generator in changing if generator.active]
        await asyncio.gather(*(self.lifecycle.withdraw(generator) for generator in changing))
        try:
            yield
        finally:
            for generator in running:
                self.lifecycle.launch(generator)

    async def _reload(
        self, new: Collection[int], changing: Mapping[int, Generator], now: int
    ) -> None:
        """Takes what was written over from the registry; launches what is new or starts again."""
        records = await self.registry.get([*new, *changing])
        for id_, generator in changing.items():
            was_active = generator.active
            generator.record = records[id_]
            if generator.active and not was_active:
                generator.last_error = None
                self.lifecycle.launch(generator, fresh_at=now)
        for id_ in new:
            generator = Generator.of(records[id_], self.registry.cluster.id)
            self.lifecycle.generators[id_] = generator
            self.lifecycle.launch(generator)

    def _note_troubles(self, troubles: Mapping[int, EventerError]) -> None:
        for id_, error in troubles.items():
            generator = self.lifecycle.generators[id_]
            if generator.active:
                generator.waiting = True
                generator.note_error(error, self.clock.now_ns())
                generator.awaited = isinstance(error, NoAnswerYetError)

    async def _added(
        self, wanted: Sequence[Wanted], created: Collection[int], changing: Collection[int]
    ) -> tuple[Added, ...]:
        found = []
        for each in wanted:
            related = await self.registry.find_related(
                each.event.stream, each.inspection.digest, each.destination.target
            )
            others = tuple(id_ for id_ in related if id_ != each.id)
            added = Added(self.lifecycle.generators[each.id], others)
            added.created, added.updated = each.id in created, each.id in changing
            found.append(added)
        return tuple(found)


def _vouches_for(generator: Generator, wanted: Wanted) -> bool:
    """Whether what is asked of a destination is known: such events flow there at this moment."""
    record = generator.record
    flows = generator.active and not generator.waiting and generator.guarantee is not None
    known = record.target == wanted.destination.target
    return flows and known and record.shape == wanted.inspection.shape


def _draw_seeds(events: Sequence[EventRequest]) -> tuple[int, ...]:
    """A seed for each event: its own, or one drawn for all of its stream."""
    by_name: dict[str, int] = {}
    seeds = []
    for event in events:
        drawn = secrets.randbits(64)
        if event.seed is not None:
            drawn = event.seed
        elif event.stream is not None:
            drawn = by_name.setdefault(event.stream, drawn)
        seeds.append(drawn)
    return tuple(seeds)


def _targets(request: AddRequest) -> Mapping[str, Collection[Target]]:
    """Where each event goes, by its id; equal targets once."""
    by_id = {destination.id: destination.target for destination in request.destinations}
    going: dict[str, dict[Target, None]] = {event.id: {} for event in request.events}
    for schedule in request.schedules:
        going[schedule.event_id][by_id[schedule.destination_id]] = None
    return {id_: list(targets) for id_, targets in going.items()}


def _template_fault(error: TemplateError | RequestError, number: int, event: EventRequest) -> Fault:
    if isinstance(error, TemplateError):
        pointer = format_pointer(["events", number, event.field])
        return Fault(pointer, error.message, error.hint, error.place)
    return Fault(format_pointer(["events", number, "vars"]), error.message, error.hint)


def _refusals(wanted: Sequence[Wanted]) -> list[Fault]:
    """Events that cannot go where they are sent, known without asking there."""
    faults = []
    for each in wanted:
        error = dict(each.inspection.refusals).get(each.destination.target)
        if error is not None:
            pointer = format_pointer(["events", each.event_number, each.event.field])
            faults.append(Fault(pointer, error.message, error.hint))
    return faults


def _refusal_fault(wanted: Wanted, error: DestinationRejectedError) -> Fault:
    target = wanted.destination.target
    pointer = format_pointer(["destinations", wanted.destination_number, target.kind])
    return Fault(pointer, error.message, error.hint)
