"""Generators: add, show, pause, resume, remove, and recompute events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from eventer.api.examples import ADD_EXAMPLES, PACE_EXAMPLES
from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.fault_rules import FaultsOut
from eventer.api.wire.field_types import QueryFlag, QueryInteger, QueryReference
from eventer.api.wire.generator_requests import AddBody, RemoveBody
from eventer.api.wire.pace import PacePreviewBody
from eventer.api.wire.pace_responses import PacePreviewOut
from eventer.api.wire.responses import (
    AddedOut,
    AddOut,
    EventsOut,
    GeneratorOut,
    GeneratorsOut,
    RemoveOut,
    StepEventsOut,
)
from eventer.core.cooperative_map import cooperative_map
from eventer.core.errors import Fault, RequestError
from eventer.core.limits import MAX_FAULT_RANGE, MAX_INDEX, MAX_RECOMPUTED
from eventer.core.request_fields import RequestModel
from eventer.service.eventer import PositionChoice
from eventer.service.views import GeneratorView

router = APIRouter(prefix="/generator", tags=["generators"], route_class=JsonRoute)


class GeneratorIdQuery(RequestModel):
    """The query of a route for one generator."""

    id: QueryReference = Field(description="The generator's id or name.")


class StatusQuery(RequestModel):
    """The query of `status`."""

    id: QueryReference | None = Field(
        default=None, description="The generator's id or name; if omitted, all generators."
    )


class RemoveQuery(RequestModel):
    """The query of `remove`."""

    id: list[QueryReference] = Field(
        default_factory=list, description="The generators' ids or names."
    )


class ResumeQuery(GeneratorIdQuery):
    """The query of `resume`."""

    skip: QueryFlag = Field(
        default=False, description="Whether to skip the event at which the generator failed."
    )
    position: PositionChoice | None = Field(
        default=None, description="Where to continue after the position was lost."
    )


class RangeQuery(GeneratorIdQuery):
    """A range of events of a generator."""

    first: QueryInteger = Field(
        default=0, ge=0, le=MAX_INDEX, description="Index of the first event."
    )


class EventsQuery(RangeQuery):
    """The query of `events`."""

    count: QueryInteger = Field(
        default=10, ge=1, le=MAX_RECOMPUTED, description="Number of events."
    )


class FaultsQuery(RangeQuery):
    """The query of `faults`."""

    count: QueryInteger = Field(
        default=1_000, ge=1, le=MAX_FAULT_RANGE, description="Number of events to look at."
    )


async def _list_response(model: type[GeneratorOut], views: Iterable[GeneratorView]) -> Response:
    """`{"generators": […]}`. Other requests are answered while the text of many is written."""
    texts = await cooperative_map(model.text_of, views)
    return JsonResponse(b'{"generators":[%b]}' % b",".join(texts))


@router.post(
    "/add",
    summary="Add generators, or change existing ones",
    responses={200: {"model": AddOut}, **problems(503, body=True)},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": ADD_EXAMPLES}}}},
)
async def add(body: AddBody, service: Service) -> Response:
    """Adds a generator for each schedule: all of them, or none.

    If the generator exists, the answer shows it; a different `count`, `interval`, `pace`,
    `on_error`, `catch_up` or `name` changes it. The answer comes after everything is on disk. An
    unavailable destination is not an error: its generators wait for it.
    """
    views = await service.add(body.request())
    return await _list_response(AddedOut, views)


@router.get(
    "/status",
    summary="One generator, or all",
    responses={200: {"model": GeneratorOut | GeneratorsOut}, **problems(404, 422, 503)},
)
async def status(query: Annotated[StatusQuery, Query()], service: Service) -> Response:
    """Answers the generator `id`, or without it all as `{"generators": […]}`, oldest first."""
    views = await service.status(query.id)
    if query.id is None:
        return await _list_response(GeneratorOut, views)
    return JsonResponse(GeneratorOut.json_of(views[0]))


@router.post(
    "/remove",
    summary="Stop and delete generators",
    responses={200: {"model": RemoveOut}, **problems(404, 409, 503, body=True)},
)
async def remove(
    query: Annotated[RemoveQuery, Query()], service: Service, body: RemoveBody | None = None
) -> Response:
    """Removes the generators named in the query and the body.

    After the answer, no further event of them is delivered. Data, topics, tables and files stay. If
    none of them exists, the answer is a 404.
    """
    ids = (*query.id, *(body.all() if body else ()))
    if not ids:
        fault = Fault("?id", "name at least one generator, in the query or in the body")
        raise RequestError("the request names no generator", (fault,))
    return JsonResponse(RemoveOut.json_of(await service.remove(tuple(dict.fromkeys(ids)))))


@router.post(
    "/pause",
    summary="Pause a generator",
    responses={200: {"model": GeneratorOut}, **problems(404, 422, 503)},
)
async def pause(query: Annotated[GeneratorIdQuery, Query()], service: Service) -> Response:
    """Pauses a generator. After the answer, no further event of it is delivered."""
    return JsonResponse(GeneratorOut.json_of(await service.pause(query.id)))


@router.post(
    "/resume",
    summary="Resume a paused or failed generator",
    responses={200: {"model": GeneratorOut}, **problems(404, 422, 503)},
)
async def resume(query: Annotated[ResumeQuery, Query()], service: Service) -> Response:
    """Resumes at the next event; with `skip=1`, after the event at which the generator failed.

    A `finished` generator has no next event: add it again with another `end`, `max_events` or pace.
    If the destination has lost the position, `position` must say where to continue:
    `position=registry` after the events once committed, `position=destination` at the destination's
    position, which delivers those events again.
    """
    view = await service.resume(query.id, skip=query.skip, position=query.position)
    return JsonResponse(GeneratorOut.json_of(view))


@router.post(
    "/pace",
    summary="Show the events of a pace by time",
    responses={200: {"model": PacePreviewOut}, **problems(body=True)},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": PACE_EXAMPLES}}}},
)
async def pace(body: PacePreviewBody, service: Service) -> Response:
    """Counts the events of a pace in buckets of time, as if it began now. Adds no generator."""
    shown = service.preview_pace(body.pace_spec(), length=body.for_, buckets=body.buckets)
    return JsonResponse(PacePreviewOut.json_of(shown))


@router.get(
    "/events",
    summary="Recompute a generator's events",
    responses={200: {"model": EventsOut | StepEventsOut}, **problems(404, 422, 503)},
)
async def events(query: Annotated[EventsQuery, Query()], service: Service) -> Response:
    """Recomputes what is written of events, past or future. Delivers nothing.

    Skipped and dropped events are left out. An event that the fault `malformed` has made no JSON is
    shown as a string with its text. Of a generator of timelines, `first` and `count` are about
    timelines: the events are those of their steps in the order of delivery, as `steps` says.
    """
    page = await service.events(query.id, query.first, query.count)
    return JsonResponse((StepEventsOut if page.steps else EventsOut).body_of(page))


@router.get(
    "/faults",
    summary="List the events that get faults on purpose",
    responses={200: {"model": FaultsOut}, **problems(404, 422, 503)},
)
async def faults(query: Annotated[FaultsQuery, Query()], service: Service) -> Response:
    """The answer key for a test of a consumer: of the events of a range, those with faults.

    `event` is what would be written without the faults. Events that were skipped because their
    destination rejected them are listed, too.
    """
    found = await service.faults(query.id, query.first, query.count)
    return JsonResponse(FaultsOut.body_of(found))
