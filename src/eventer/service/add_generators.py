"""Handles add requests: inspects templates, checks destinations, writes, launches."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from eventer.core.clock import Clock
from eventer.core.errors import EventerError, Fault, RequestError, TemplateError
from eventer.core.model import EventSource, Target
from eventer.core.pointer import format_pointer
from eventer.registry.base import Add, Change, GeneratorRecord, Registry, SetName
from eventer.service.connections import KnownConnection
from eventer.service.destination_checker import DestinationChecker, NoAnswerYetError
from eventer.service.event_references import (
    known_seeds,
    referenced_by_name,
    seed_keys,
    with_references,
    with_seeds,
    with_sources,
)
from eventer.service.generator import Generator
from eventer.service.generator_names import (
    name_conflicts,
    new_names,
    requested_names,
    taken_names,
)
from eventer.service.lifecycle import Lifecycle
from eventer.service.limit_faults import limit_faults
from eventer.service.locks import Locks
from eventer.service.request_faults import raise_faults, request_faults
from eventer.service.requests import AddRequest, EventRequest
from eventer.service.resolved_schedule import (
    ResolvedSchedule,
    changes_schedule,
    changes_to,
    conflicts,
    end_faults,
    needs_change,
    new_record,
    only_faults,
    resolve_schedules,
    seed_key,
    seeds_of,
    start_fault,
)
from eventer.service.row_file_store import RowFileStore
from eventer.service.template_service import TemplateService
from eventer.service.timeline_faults import sibling_faults
from eventer.service.views import GeneratorView
from eventer.settings import Settings
from eventer.workers.inspector_messages import Inspection

_ID_DIGITS: Final = 20
MAX_CONCURRENT_INSPECTIONS: Final = 8
"""Concurrent inspections of one request, so that other requests also progress."""


@dataclass(eq=False, slots=True)
class Adder:
    """Adds generators to a running service."""

    settings: Settings
    registry: Registry
    lifecycle: Lifecycle
    templates: TemplateService
    destination_checker: DestinationChecker
    connections: Mapping[str, KnownConnection]
    clock: Clock
    locks: Locks
    row_files: RowFileStore
    view: Callable[[Generator], GeneratorView]
    _decision_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, request: AddRequest) -> tuple[GeneratorView, ...]:
        """See `eventer.service.eventer.Eventer.add`."""
        raise_faults(list(request_faults(request, self.connections, self.clock.now_ns())))
        event_sources = with_references(
            request, self._event_sources(request.events), self._find_record
        )
        inspections = await self._inspect_all(request, event_sources)
        resolved = resolve_schedules(request, event_sources, inspections)
        raise_faults(list(only_faults(resolved)))
        rejections = (*_rejections(resolved), *_rule_errors(resolved))
        rejections = (*rejections, *_timeline_references(resolved))
        raise_faults([*rejections, *conflicts(resolved), *name_conflicts(resolved)])
        destination_errors = await self.destination_checker.errors(resolved)
        await self._keep_row_files(resolved)
        drawn_seed = {each.stream_key: each.spec.stream.seed for each in reversed(resolved)}
        referenced = {id_ for each in resolved for id_ in referenced_by_name(each.spec).values()}
        ids = {*referenced, *(each.id for each in resolved)}
        async with self.locks.hold(ids):
            return await self._carry_out(resolved, drawn_seed, destination_errors)

    def _find_record(self, name: str) -> GeneratorRecord | None:
        """The record of the generator with a name, or with an id as text."""
        generators = self.lifecycle.generators
        found = generators.find(name) or (
            generators.find(int(name)) if name.isdecimal() and len(name) <= _ID_DIGITS else None
        )
        return None if found is None else found.record

    # --- templates ----------------------------------------------------------------------------

    def _event_sources(self, events: Sequence[EventRequest]) -> tuple[EventSource, ...]:
        instance_id = self.settings.instance_id
        seeds = _draw_seeds(events)
        return tuple(
            event.event_source(seed, instance_id) for event, seed in zip(events, seeds, strict=True)
        )

    async def _inspect_all(
        self, request: AddRequest, event_sources: Sequence[EventSource]
    ) -> tuple[Inspection, ...]:
        """The inspections of the schedules, after all events were inspected."""
        targets = _targets(request)
        semaphore = asyncio.Semaphore(MAX_CONCURRENT_INSPECTIONS)

        async def inspect(number: int, only: str | None) -> Inspection:
            event = request.events[number]
            timeline = event.timeline and replace(event.timeline, only=only)
            async with semaphore:
                return await self.templates.inspect(
                    event_sources[number],
                    targets[number, only],
                    self.clock.now_ns(),
                    timeline,
                    event.faults,
                )

        answers = await asyncio.gather(
            *(inspect(number, only) for number, only in targets), return_exceptions=True
        )
        faults: dict[Fault, None] = {}
        for (number, _), answer in zip(targets, answers, strict=True):
            if isinstance(answer, TemplateError | RequestError):
                faults[_template_fault(answer, number, request.events[number])] = None
            elif isinstance(answer, BaseException):
                raise answer
        raise_faults(list(faults))
        pairs = zip(targets, answers, strict=True)
        found = {key: answer for key, answer in pairs if isinstance(answer, Inspection)}
        return tuple(found[key] for key in _steps_of_schedules(request))

    async def _keep_row_files(self, resolved: Sequence[ResolvedSchedule]) -> None:
        """Copies the files of rows of new generators.

        Raises:
            RequestError: a file changed since the inspection.
        """
        users = {
            file: each
            for each in reversed(resolved)
            for file in each.spec.event_source.template.all_row_files
        }
        for (path, digest), each in users.items():
            try:
                await asyncio.to_thread(self.row_files.keep, path, digest)
            except TemplateError as error:
                raise_faults([_template_fault(error, each.event_number, each.event)])
            if (shared := self.registry.shared_files) is not None:
                await shared.keep(digest, await asyncio.to_thread(self.row_files.content, digest))

    # --- decision -----------------------------------------------------------------------------

    async def _carry_out(
        self,
        resolved: Sequence[ResolvedSchedule],
        drawn_seed: Mapping[str, int],
        destination_errors: Mapping[int, EventerError],
    ) -> tuple[GeneratorView, ...]:
        first = {each.id: each for each in reversed(resolved)}
        generators = self.lifecycle.generators
        new = [each for id_, each in first.items() if id_ not in generators]
        changing = self._changing(first)
        async with self._suspended(changing.values()), self._decision_lock:
            self._check_limits(resolved)
            raise_faults(list(self._removed_references(resolved)))
            names = self._names(resolved, new)
            renamed = [each for each in map(generators.find, names) if each is not None]
            now = self.clock.now_ns()
            raise_faults(
                [
                    fault
                    for id_, each in changing.items()
                    for fault in end_faults(each.record, first[id_], each.begun_timelines, now)
                ]
            )
            changes: list[Change] = [
                *(Add(record) for record in await self._records(new, names, drawn_seed, now)),
                *(_new_name(each.record, names, now) for each in renamed),
            ]
            for id_, generator in changing.items():
                changes += changes_to(generator.record, first[id_], now)
            if changes:
                await self.registry.apply(changes)
            for each in renamed:
                generators.rename(each, names[each.record.id], now)
            await self._reload([each.id for each in new], changing, now)
        self._record_destination_errors(destination_errors)
        updated = {*changing, *(each.record.id for each in renamed)}
        return self._views(resolved, {each.id for each in new}, updated)

    def _changing(self, first: Mapping[int, ResolvedSchedule]) -> Mapping[int, Generator]:
        """The existing generators that the request changes, by id.

        Raises:
            RequestError: it asks for another start of one, or leaves out a generator of
                the same timelines.
        """
        generators = self.lifecycle.generators
        changing = {
            id_: generators[id_]
            for id_, each in first.items()
            if id_ in generators and needs_change(generators[id_].record, each)
        }
        others = [
            each.record
            for id_, each in generators.items()
            if each.record.spec.timeline is not None and id_ not in first
        ]
        faults: list[Fault] = []
        for id_, each in changing.items():
            faults += start_fault(each.record, first[id_])
            if each.record.spec.timeline is not None and changes_schedule(each.record, first[id_]):
                faults += sibling_faults(first[id_], each.record, others)
        raise_faults(faults)
        return changing

    def _removed_references(self, resolved: Sequence[ResolvedSchedule]) -> Iterator[Fault]:
        """References to generators that were removed since the inspection."""
        known = {*self.lifecycle.generators, *(each.id for each in resolved)}
        for each in resolved:
            for name, id_ in referenced_by_name(each.spec).items():
                if id_ not in known:
                    pointer = format_pointer(["events", each.event_number, each.event.field])
                    yield Fault(pointer, f"refers to generator {name!r}, which was just removed")

    def _check_limits(self, resolved: Sequence[ResolvedSchedule]) -> None:
        usage = self.lifecycle.generators.usage
        raise_faults(list(limit_faults(resolved, usage, self.settings.limits)))

    def _names(
        self, resolved: Sequence[ResolvedSchedule], new: Sequence[ResolvedSchedule]
    ) -> Mapping[int, str]:
        """The names of new generators, and the other names of existing ones, by id.

        Raises:
            RequestError: another generator has a requested name.
        """
        generators, requested = self.lifecycle.generators, requested_names(resolved)
        raise_faults(list(taken_names(resolved, generators.by_name)))
        other = {
            id_: name
            for id_, name in requested.items()
            if id_ in generators and generators[id_].record.name != name
        }
        return {**new_names(new, requested, generators.by_name.keys()), **other}

    async def _records(
        self,
        new: Sequence[ResolvedSchedule],
        names: Mapping[int, str],
        drawn_seed: Mapping[str, int],
        now: int,
    ) -> list[GeneratorRecord]:
        seeds = seeds_of(new, drawn_seed, await self._known_seeds(new))
        shards = self.registry.cluster.shards
        records = [
            new_record(each, name=names[each.id], seed=seeds[each.id], shards=shards, now=now)
            for each in new
        ]
        known = await self._known_reference_seeds(records)
        return self._with_referenced([with_seeds(each, known) for each in records])

    def _with_referenced(self, records: Sequence[GeneratorRecord]) -> list[GeneratorRecord]:
        """The records with references to events as the other generators deliver them."""
        new = {record.id: record for record in records}

        def source(id_: int) -> EventSource:
            record = new[id_] if id_ in new else self.lifecycle.generators[id_].record
            return record.spec.event_source

        return [replace(each, spec=with_sources(each.spec, source)) for each in records]

    async def _known_reference_seeds(self, new: Sequence[GeneratorRecord]) -> Mapping[str, int]:
        """The seeds of streams that new generators refer to, and that exist already."""
        templates = [record.spec.event_source.template for record in new]
        streams = {key: each for template in templates for key, each in seed_keys(template).items()}
        if not streams:
            return {}
        generators = self.lifecycle.generators
        known = dict(known_seeds(generator.record for generator in generators.values()))
        for key, each in streams.items():
            seed = await self.registry.find_seed(each.stream.name, each.digest)
            if seed is not None:
                known[key] = seed
        return known

    async def _known_seeds(self, resolved: Sequence[ResolvedSchedule]) -> Mapping[str, int]:
        known: dict[str, int] = {}
        for each in {seed_key(each): each for each in resolved}.values():
            seed = await self.registry.find_seed(each.spec.stream.name, each.spec.digest)
            if seed is not None:
                known[seed_key(each)] = seed
        return known

    @asynccontextmanager
    async def _suspended(self, changing: Collection[Generator]) -> AsyncIterator[None]:
        """Withdraws generators for the block, and launches the running ones afterwards."""
        running = [generator.active for generator in changing]
        epochs = await asyncio.gather(*map(self.lifecycle.withdraw, changing))
        try:
            yield
        finally:
            for generator, was_running, epoch in zip(changing, running, epochs, strict=True):
                if was_running:
                    self.lifecycle.relaunch(generator, epoch)

    async def _reload(
        self, new: Collection[int], changing: Mapping[int, Generator], now: int
    ) -> None:
        """Loads new and changed records; launches new and restarted generators."""
        records = await self.registry.get([*new, *changing])
        for id_, generator in changing.items():
            was_active = generator.active
            generator.record = records[id_]
            self.lifecycle.generators.update_rate(generator)
            if generator.active and not was_active:
                generator.last_error = None
                self.lifecycle.launch(generator, new_segment_at=now)
        for id_ in new:
            generator = Generator.of(records[id_], self.registry.cluster.id)
            self.lifecycle.generators.add(generator)
            self.lifecycle.launch(generator)

    def _record_destination_errors(self, destination_errors: Mapping[int, EventerError]) -> None:
        for id_, error in destination_errors.items():
            generator = self.lifecycle.generators[id_]
            if generator.active:
                generator.waiting = True
                generator.record_error(error, self.clock.now_ns())
                generator.awaiting_answer = isinstance(error, NoAnswerYetError)

    def _views(
        self,
        resolved: Sequence[ResolvedSchedule],
        created: Collection[int],
        changing: Collection[int],
    ) -> tuple[GeneratorView, ...]:
        views = []
        for each in resolved:
            related = self.lifecycle.generators.related(each.spec)
            others = tuple(id_ for id_ in related if id_ != each.id)
            view = self.view(self.lifecycle.generators[each.id])
            views.append(
                replace(
                    view, created=each.id in created, updated=each.id in changing, related=others
                )
            )
        return tuple(views)


def _new_name(record: GeneratorRecord, names: Mapping[int, str], now: int) -> SetName:
    return SetName(record.id, record.incarnation, names[record.id], now)


def _draw_seeds(events: Sequence[EventRequest]) -> tuple[int, ...]:
    """A seed for each event: the explicit one, or a random one for each stream name."""
    by_name: dict[str, int] = {}
    seeds = []
    for event in events:
        drawn_seed = secrets.randbits(64)
        if event.seed is not None:
            drawn_seed = event.seed
        elif event.stream is not None:
            drawn_seed = by_name.setdefault(event.stream, drawn_seed)
        seeds.append(drawn_seed)
    return tuple(seeds)


def _steps_of_schedules(request: AddRequest) -> list[tuple[int, str | None]]:
    """The number of the event of each schedule, and the name of the steps that it takes."""
    numbers = {event.id: number for number, event in enumerate(request.events)}
    return [(numbers[each.event_id], each.only) for each in request.schedules]


def _targets(request: AddRequest) -> Mapping[tuple[int, str | None], Collection[Target]]:
    """The distinct targets of the events, or of steps with one name, by number of the event."""
    by_id = {destination.id: destination.target for destination in request.destinations}
    steps = _steps_of_schedules(request)
    scheduled = {number for number, _ in steps}
    targets: dict[tuple[int, str | None], dict[Target, None]] = {
        (number, None): {} for number in range(len(request.events)) if number not in scheduled
    }
    for key, schedule in zip(steps, request.schedules, strict=True):
        targets.setdefault(key, {})[by_id[schedule.destination_id]] = None
    return dict(sorted(targets.items(), key=lambda item: item[0][0]))


def _template_fault(error: TemplateError | RequestError, number: int, event: EventRequest) -> Fault:
    if isinstance(error, TemplateError):
        pointer = format_pointer(["events", number, event.field])
        return Fault(pointer, error.message, error.hint, error.place)
    return Fault(format_pointer(["events", number, "vars"]), error.message, error.hint)


def _rejections(resolved: Sequence[ResolvedSchedule]) -> list[Fault]:
    """Targets that cannot take their events, as inference tells without asking the destination."""
    faults = []
    for each in resolved:
        error = each.inspection.rejections.get(each.spec.target)
        if error is not None:
            pointer = format_pointer(["events", each.event_number, each.event.field])
            faults.append(Fault(pointer, error.message, error.hint))
    return faults


def _timeline_references(resolved: Sequence[ResolvedSchedule]) -> list[Fault]:
    """References of timelines to events of generators, of which there are more and more."""
    faults: dict[Fault, None] = {}
    for each in resolved:
        names = referenced_by_name(each.spec) if each.spec.timeline is not None else ()
        for name in names:
            pointer = format_pointer(["events", each.event_number, each.event.field])
            message = f"timelines cannot refer to the events of generator {name!r} yet"
            hint = "refer to an event without a schedule, with a `count`"
            faults[Fault(pointer, message, hint)] = None
    return list(faults)


def _rule_errors(resolved: Sequence[ResolvedSchedule]) -> list[Fault]:
    """Faults on purpose that a target cannot take; each is reported once for an event."""
    errors: dict[Fault, None] = {}
    for each in resolved:
        prefix = format_pointer(["events", each.event_number, "faults"])
        for error in each.inspection.fault_errors.get(each.spec.target, ()):
            errors[replace(error, pointer=prefix + error.pointer)] = None
    return list(errors)
