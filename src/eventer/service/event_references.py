"""What the events of an add request may refer to, and the seeds of that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from eventer.core.model import EventSource, FixedPopulation, ReferencedStream, Template
from eventer.registry.base import GeneratorRecord, stream_key
from eventer.service.requests import AddRequest, EventRequest

_CALL: Final = "event_of"
_MAY_CALL: Final = ("import", "\\")
"""What a text has if it refers to events without `_CALL` in it: in a file, or by an escape."""


def with_references(
    request: AddRequest, event_sources: Sequence[EventSource]
) -> tuple[EventSource, ...]:
    """The sources of the events of a request, whose templates may refer to the others by id.

    A request can have very many events: only a template that looks as if it refers to events gets
    them, and, for its errors, those with a schedule, which cannot be referred to.
    """
    scheduled = {schedule.event_id for schedule in request.schedules}
    streams = [
        _stream(event, source, is_scheduled=event.id in scheduled or event.timeline is not None)
        for event, source in zip(request.events, event_sources, strict=True)
    ]
    possible = tuple(each for each in streams if each.population is not None)

    def references(text: str) -> tuple[ReferencedStream, ...]:
        if _CALL in text:
            return tuple(streams)
        return possible if any(each in text for each in _MAY_CALL) else ()

    return tuple(
        replace(
            source,
            template=replace(source.template, references=references(source.template.text)),
        )
        for source in event_sources
    )


def _stream(event: EventRequest, source: EventSource, *, is_scheduled: bool) -> ReferencedStream:
    return ReferencedStream(
        event.id,
        replace(source.template, name=event.id),
        source.stream,
        source.context,
        None if is_scheduled else FixedPopulation(event.count),
        explicit_seed=event.seed is not None,
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
