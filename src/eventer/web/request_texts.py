"""The request that would add a generator again: as JSON, for curl and for the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from dataclasses import replace
from itertools import chain, count
from typing import Any, Final

from eventer.core.duration import format_duration
from eventer.core.fault_rules_json import rules_json
from eventer.core.model import (
    CatchUp,
    FixedPopulation,
    OnError,
    OnNull,
    ReferencedStream,
    ServiceTarget,
    Target,
)
from eventer.core.pace import PaceSpec
from eventer.core.pace_json import pace_json
from eventer.service.destination_kinds import request_options
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    PreviewRequest,
    ReferenceRequest,
    ScheduleRequest,
)
from eventer.service.views import GeneratorRecord

_PREVIEW_COUNT: Final = 1_000
"""Events that a preview refers to in place of those that a running generator has delivered."""
_TICKS: Final = ("count", "interval")
"""The fields of an event in place of its `pace`."""


def request_of(record: GeneratorRecord, pace: PaceSpec | None = None) -> AddRequest:
    """The request that adds this generator, or changes its pace if one is given.

    It has the events that the template refers to, too.
    """
    spec = record.spec
    source = spec.event_source
    references = [
        each for each in source.template.references if isinstance(each.population, FixedPopulation)
    ]
    event = EventRequest(
        source.template.text,
        name=source.template.name,
        id=source.template.own_name or _free_id({each.name for each in references}),
        seed=source.stream.seed if spec.explicit_seed else None,
        stream=source.stream.name,
        dataset=source.context.dataset,
        vars=source.template.vars,
        pace=pace or record.pace,
        on_error=spec.on_error,
        on_null=spec.on_null,
        faults=spec.faults,
        catch_up=spec.catch_up,
        field="template",
        timeline=spec.timeline,
    )
    only = None if spec.timeline is None else spec.timeline.only
    request = single_request(event, spec.target, record.name, only)
    return replace(request, events=(*request.events, *map(_referenced_event, references)))


def preview_of(record: GeneratorRecord) -> PreviewRequest:
    """The request that previews the events of this generator from its template on."""
    source = record.spec.event_source
    template = source.template
    return PreviewRequest(
        template.text,
        id=template.own_name,
        name=template.name,
        seed=source.stream.seed,
        stream=source.stream.name,
        dataset=source.context.dataset,
        vars=template.vars,
        references=tuple(map(_reference_request, template.references)),
        timeline=record.spec.timeline,
    )


def _reference_request(stream: ReferencedStream) -> ReferenceRequest:
    return ReferenceRequest(
        stream.template.text,
        id=stream.name,
        name=stream.template.name,
        seed=stream.stream.seed,
        stream=stream.stream.name,
        dataset=stream.context.dataset,
        vars=stream.template.vars,
        count=_preview_count(stream),
    )


def _preview_count(stream: ReferencedStream) -> int | None:
    population = stream.population
    return population.count if isinstance(population, FixedPopulation) else _PREVIEW_COUNT


def _free_id(taken: Collection[str]) -> str:
    return next(
        id_ for id_ in chain(["event"], map("event-{}".format, count(2))) if id_ not in taken
    )


def _referenced_event(stream: ReferencedStream) -> EventRequest:
    """The event without a schedule that a template refers to."""
    assert isinstance(stream.population, FixedPopulation)
    return EventRequest(
        stream.template.text,
        name=stream.template.name,
        id=stream.name,
        seed=stream.stream.seed if stream.explicit_seed else None,
        stream=stream.stream.name,
        dataset=stream.context.dataset,
        vars=stream.template.vars,
        pace=None,
        count=stream.population.count,
        field="template",
    )


def single_request(
    event: EventRequest, target: Target, name: str | None = None, only: str | None = None
) -> AddRequest:
    """The request for one event and one destination; `name` is the generator's.

    With `only`, just the steps of timelines with this `to` go there.
    """
    return AddRequest(
        (DestinationRequest("destination", target),),
        (event,),
        (ScheduleRequest("destination", event.id, name, only),),
    )


def request_json(request: AddRequest) -> dict[str, Any]:
    """The body of `POST /generator/add` for a request, without options at their defaults."""
    return {
        "destinations": [
            {"id": each.id, "type": each.target.kind, each.target.kind: _target(each.target)}
            for each in request.destinations
        ],
        "events": [_event(event) for event in request.events],
        "schedules": [
            {"destination_id": each.destination_id, "event_id": each.event_id}
            | ({"name": each.name} if each.name else {})
            | ({"only": each.only} if each.only else {})
            for each in request.schedules
        ],
    }


def _target(target: Target) -> dict[str, Any]:
    options = request_options(target) if isinstance(target, ServiceTarget) else {}
    if options.get("connection") == target.kind:
        del options["connection"]
    return options


def _event(event: EventRequest) -> dict[str, Any]:
    given = {
        "id": event.id,
        "template": event.template,
        "dataset": event.dataset,
        "stream": event.stream,
        "seed": None if event.seed is None else str(event.seed),
        "vars": json.loads(event.vars) or None,
        **({"count": event.count} if event.pace is None else _pace(event.pace)),
        "timeline": event.timeline and {"horizon": format_duration(event.timeline.horizon)},
        "on_null": None if event.on_null is OnNull.EMIT else event.on_null.value,
        "faults": rules_json(event.faults) or None,
        "on_error": None if event.on_error is OnError.STOP else event.on_error.value,
        "catch_up": None if event.catch_up is CatchUp.DROP else event.catch_up.value,
    }
    return {name: value for name, value in given.items() if value is not None}


def _pace(pace: PaceSpec) -> dict[str, Any]:
    given = pace_json(pace)
    return given if set(given) == set(_TICKS) else {"pace": given}


def json_text(request: AddRequest) -> str:
    """The request as indented JSON."""
    return json.dumps(request_json(request), indent=2, ensure_ascii=False)


def curl_text(request: AddRequest, url: str, *, token: bool) -> str:
    """A command for curl; with `token`, it sends the token of the environment."""
    header = ' \\\n  -H "Authorization: Bearer $EVENTER_TOKEN"' if token else ""
    return (
        f"curl {url}/generator/add -H 'Content-Type: application/json'{header} \\\n"
        f"  -d {shlex.quote(json_text(request))}"
    )


def command_text(request: AddRequest, url: str) -> str:
    """A command for the command line, which reads the request from standard input."""
    return f"EVENTER_URL={url} eventer add - <<'JSON'\n{json_text(request)}\nJSON"
