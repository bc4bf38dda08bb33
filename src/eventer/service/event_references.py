"""What the events of an add request may refer to, and the seeds of that. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from eventer.core.fault_rules import FaultRule
from eventer.core.model import (
    EventSource,
    FixedPopulation,
    GeneratorSpec,
    GrowingPopulation,
    NoPopulation,
    Population,
    ReferencedStream,
    Template,
    TimelineSpec,
)
from eventer.registry.base import GeneratorRecord, stream_key
from eventer.service.requests import REFERENCE_CALL, AddRequest, EventRequest

_QUOTED: Final = re.compile(r"""(["'])([^"'\\\n]+)\1""")
_MAY_CALL: Final = ("import", "\\")
"""What a text without `REFERENCE_CALL` has if it refers to events: in a file, or by an escape."""
TIMELINES: Final = NoPopulation("gives timelines", "refer to an event without `timeline`")
DELAYED: Final = NoPopulation(
    "has late or duplicate events on purpose",
    "refer to an event whose `faults` have neither `late` nor `duplicate`",
)
_DELAYS: Final = frozenset({"late", "duplicate"})
"""The kinds of faults that change when, and so in which order, events are delivered."""
_FEW: Final = 64
"""How many events with a schedule, at most, a template without a visible call gets."""


def with_references(
    request: AddRequest,
    event_sources: Sequence[EventSource],
    find: Callable[[str], GeneratorRecord | None],
) -> tuple[EventSource, ...]:
    """The sources of the events of a request, whose templates may refer to others.

    These are the others of the request by id, and the generators that `find` has for other names.
    A request can have very many events. Only a template whose text may refer to events gets them.
    If its text has no call, it gets those with a schedule only if there are at most `_FEW`.
    """
    scheduled = {schedule.event_id for schedule in request.schedules}
    streams = tuple(
        _stream(event, source, is_scheduled=event.id in scheduled)
        for event, source in zip(request.events, event_sources, strict=True)
    )

    fixed = tuple(each for each in streams if isinstance(each.population, FixedPopulation))
    possible = streams if len(scheduled) <= _FEW else fixed

    known = {each.name: each for each in streams}

    def references(text: str) -> tuple[ReferencedStream, ...]:
        if REFERENCE_CALL in text:
            found = _generators(_named_texts(text, known), known, find)
            return (*streams, *found) if found else streams  # one tuple, which is packed once
        return possible if any(each in text for each in _MAY_CALL) else ()

    return tuple(
        replace(
            source,
            template=replace(source.template, references=references(source.template.text)),
        )
        for source in event_sources
    )


def _names(text: str) -> Iterator[str]:
    """What may be a name in a text."""
    return (quoted[2] for quoted in _QUOTED.finditer(text))


def _named_texts(text: str, known: Mapping[str, ReferencedStream]) -> list[str]:
    """A text, and those of the events that it names, that these name, and so on."""
    found = {text: None}
    texts = [text]
    while texts:
        named = (known[name].template.text for name in _names(texts.pop()) if name in known)
        new = {each: None for each in named if REFERENCE_CALL in each and each not in found}
        found |= new
        texts += new
    return [*found]


def _generators(
    texts: Iterable[str],
    known: Mapping[str, ReferencedStream],
    find: Callable[[str], GeneratorRecord | None],
) -> tuple[ReferencedStream, ...]:
    """The generators whose names are in texts, and what these refer to."""
    found: dict[str, ReferencedStream] = {}
    for name in (name for text in texts for name in _names(text)):
        record = None if name in known or name in found else find(name)
        if record is not None:
            references = record.spec.event_source.template.references
            others = {**known, **found}
            clash = [each.name for each in references if not _agree(each, others)]
            found[name] = _generator(name, record, clash)
            found |= {} if clash else {each.name: _direct(each) for each in references}
    return tuple(found.values())


def _agree(stream: ReferencedStream, others: Mapping[str, ReferencedStream]) -> bool:
    """Whether a name means the same events for all that use it."""
    other = others.get(stream.name)
    return other is None or _direct(stream, 0) == _direct(other, 0)


def _direct(stream: ReferencedStream, generator: int | None = None) -> ReferencedStream:
    """A stream that a template may name itself; if it grows, that of its or another generator."""
    population = stream.population
    if not isinstance(population, GrowingPopulation):
        return stream
    id_ = population.generator if generator is None else generator
    return replace(stream, population=GrowingPopulation(id_))


def _generator(name: str, record: GeneratorRecord, clash: Sequence[str]) -> ReferencedStream:
    source = record.spec.event_source
    return ReferencedStream(
        name,
        replace(source.template, name=name, references=()),
        source.stream,
        source.context,
        NoPopulation(
            f"refers to {clash[0]!r}, which is another event here",
            f"give the other event another name than {clash[0]!r}",
        )
        if clash
        else _unreadable(record.spec.timeline, record.spec.faults) or GrowingPopulation(record.id),
        explicit_seed=True,
        digest=record.spec.digest,
    )


def _stream(event: EventRequest, source: EventSource, *, is_scheduled: bool) -> ReferencedStream:
    return ReferencedStream(
        event.id,
        replace(source.template, name=event.id),
        source.stream,
        source.context,
        _population(event, is_scheduled=is_scheduled),
        explicit_seed=event.seed is not None,
    )


def _population(event: EventRequest, *, is_scheduled: bool) -> Population | NoPopulation:
    if not is_scheduled and event.timeline is None:
        return FixedPopulation(event.count)
    return _unreadable(event.timeline, event.faults) or GrowingPopulation()


def _unreadable(timeline: TimelineSpec | None, faults: Sequence[FaultRule]) -> NoPopulation | None:
    """Why a generator cannot be referred to, if so: it does not deliver by index."""
    if timeline is not None:
        return TIMELINES
    return DELAYED if is_delayed(faults) else None


def is_delayed(faults: Sequence[FaultRule]) -> bool:
    """Whether faults change when events are delivered."""
    return any(rule.kind in _DELAYS for rule in faults)


def referenced_by_name(spec: GeneratorSpec) -> Mapping[str, int]:
    """The ids of the generators to which a template refers itself, by the names that it uses."""
    return {name: id_ for name, (id_, indirect) in _generator_ids(spec).items() if not indirect}


def all_referenced(spec: GeneratorSpec) -> Mapping[str, int]:
    """The ids of the generators whose events a template reads, also by the references of those."""
    return {name: id_ for name, (id_, _) in _generator_ids(spec).items()}


def _generator_ids(spec: GeneratorSpec) -> Mapping[str, tuple[int, bool]]:
    """The ids of generators by name, and whether only other templates refer to them."""
    return {
        each.name: (each.population.generator, each.population.indirect)
        for each in spec.event_source.template.references
        if isinstance(each.population, GrowingPopulation) and each.population.generator is not None
    }


def with_generators(spec: GeneratorSpec, ids: Mapping[str, int]) -> GeneratorSpec:
    """A spec whose references of these names read the events of the generators with these ids."""
    return _with_references(
        spec,
        lambda each: (
            replace(each, population=replace(each.population, generator=ids[each.name]))
            if each.name in ids and isinstance(each.population, GrowingPopulation)
            else each
        ),
    )


def with_sources(spec: GeneratorSpec, sources: Callable[[int], EventSource]) -> GeneratorSpec:
    """A spec whose references to generators read the events of those, given by their ids."""

    def read(stream: ReferencedStream) -> ReferencedStream:
        population = stream.population
        if not isinstance(population, GrowingPopulation) or population.generator is None:
            return stream
        found = sources(population.generator)
        return replace(stream, stream=found.stream, context=found.context)

    return _with_references(spec, read)


def _with_references(
    spec: GeneratorSpec, change: Callable[[ReferencedStream], ReferencedStream]
) -> GeneratorSpec:
    source = spec.event_source
    template = replace(source.template, references=tuple(map(change, source.template.references)))
    return replace(spec, event_source=replace(source, template=template))


def seed_keys(template: Template) -> Mapping[str, ReferencedStream]:
    """The streams that a template refers to and whose seeds are not chosen, by stream and text.

    Streams of generators have the seeds of those.
    """
    return {_key(each): each for each in template.references if _is_seeded(each)}


def _is_seeded(stream: ReferencedStream) -> bool:
    return not stream.explicit_seed and isinstance(stream.population, FixedPopulation)


def known_seeds(records: Iterable[GeneratorRecord]) -> Mapping[str, int]:
    """The seeds of the streams that generators refer to, by the keys of `seed_keys`.

    Generators of different requests that refer to the same stream read the same events.
    """
    known: dict[str, int] = {}
    for record in records:
        for key, stream in seed_keys(record.spec.event_source.template).items():
            known.setdefault(key, stream.stream.seed)
    return known


def with_seeds(record: GeneratorRecord, known: Mapping[str, int]) -> GeneratorRecord:
    """A record whose references have the known seeds, if these are not chosen."""

    def seeded(each: ReferencedStream) -> ReferencedStream:
        if not _is_seeded(each):
            return each
        seed = known.get(_key(each), each.stream.seed)
        return replace(each, stream=replace(each.stream, seed=seed))

    return replace(record, spec=_with_references(record.spec, seeded))


def _key(stream: ReferencedStream) -> str:
    return f"{stream_key(stream.stream.name, stream.digest)} {stream.digest}"
