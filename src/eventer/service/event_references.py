"""What the events of an add request may refer to, and the seeds of that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from eventer.core.model import EventSource, FixedPopulation, ReferencedStream, Template
from eventer.registry.base import GeneratorRecord, stream_key
from eventer.service.requests import AddRequest


def with_references(
    request: AddRequest, event_sources: Sequence[EventSource]
) -> tuple[EventSource, ...]:
    """The sources of the events of a request, whose templates may refer to the others by id."""
    scheduled = {schedule.event_id for schedule in request.schedules}
    streams = tuple(
        ReferencedStream(
            event.id,
            replace(source.template, name=event.id),
            source.stream,
            source.context,
            None if event.id in scheduled else FixedPopulation(event.count),
            explicit_seed=event.seed is not None,
        )
        for event, source in zip(request.events, event_sources, strict=True)
    )
    return tuple(
        replace(source, template=replace(source.template, references=streams))
        for source in event_sources
    )


def seed_keys(template: Template) -> Mapping[str, ReferencedStream]:
    """The streams that a template refers to and whose seeds are not chosen, by stream and text."""
    return {_key(each): each for each in template.references if not each.explicit_seed}


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
    source = record.spec.event_source
    streams = tuple(
        each
        if each.explicit_seed
        else replace(
            each, stream=replace(each.stream, seed=known.get(_key(each), each.stream.seed))
        )
        for each in source.template.references
    )
    template = replace(source.template, references=streams)
    spec = replace(record.spec, event_source=replace(source, template=template))
    return replace(record, spec=spec)


def _key(stream: ReferencedStream) -> str:
    return f"{stream_key(stream.stream.name, stream.digest)} {stream.digest}"
