"""Generators: add, look at, pause, resume, remove, and make their events again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from eventer.api.examples import ADD_EXAMPLES
from eventer.api.routing import JsonRoute, Service, problems
from eventer.api.wire.generators import AddBody, RemoveBody
from eventer.api.wire.responses import AddOut, EventsOut, GeneratorOut, GeneratorsOut, RemoveOut
from eventer.api.wire.scalars import Unsigned
from eventer.api.wire.targets import RequestModel
from eventer.core.errors import Fault, RequestError
from eventer.service.answers import added_json, events_body, generator_json, removal_json
from eventer.service.eventer import PositionChoice

MAX_EVENTS = 1_000
router = APIRouter(prefix="/generator", tags=["generators"], route_class=JsonRoute)


class GeneratorIdQuery(RequestModel):
    """The query of what is done to one generator."""

    id: Unsigned = Field(description="Which generator.")


class StatusQuery(RequestModel):
    """The query of `status`."""

    id: Unsigned | None = Field(default=None, description="Which generator; all without it.")


class RemoveQuery(RequestModel):
    """The query of `remove`."""

    id: list[Unsigned] = Field(default_factory=list, description="Which generators.")


class ResumeQuery(GeneratorIdQuery):
    """The query of `resume`."""

    skip: bool = Field(default=False, description="Whether to pass the event it failed at.")
    position: PositionChoice | None = Field(
        default=None, description="Where to go on after a position was lost."
    )


class EventsQuery(GeneratorIdQuery):
    """The query of `events`."""

    first: int = Field(default=0, ge=0, lt=1 << 62, description="Index of the first event.")
    count: int = Field(default=10, ge=1, le=MAX_EVENTS, description="How many.")


@router.post(
    "/add",
    summary="Add generators, or change the pace of those that are there",
    responses={200: {"model": AddOut}, **problems(503, body=True)},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": ADD_EXAMPLES}}}},
)
async def add(body: AddBody, service: Service) -> Response:
    """Adds a generator for each schedule: all of them, or none.

    Posting a generator again answers the one that is there; another `count` or `interval` changes
    its pace. When this answers, everything is on disk. A destination that cannot be reached is no
    error: its generators wait for it.
    """
    views = await service.add(body.request())
    return JSONResponse({"generators": [added_json(view) for view in views]})


@router.get(
    "/status",
    summary="One generator, or all",
    responses={200: {"model": GeneratorOut | GeneratorsOut}, **problems(404, 422, 503)},
)
async def status(query: Annotated[StatusQuery, Query()], service: Service) -> Response:
    """Answers the generator of `id`; without it `{"generators": […]}`, oldest first."""
    views = await service.status(query.id)
    if query.id is None:
        return JSONResponse({"generators": [generator_json(view) for view in views]})
    return JSONResponse(generator_json(views[0]))


@router.post(
    "/remove",
    summary="Stop and delete generators",
    responses={200: {"model": RemoveOut}, **problems(404, 503, body=True)},
)
async def remove(
    query: Annotated[RemoveQuery, Query()], service: Service, body: RemoveBody | None = None
) -> Response:
    """Removes all that the query and the body name.

    When this answers, nothing more of them appears in the destination. Data, topics and tables
    stay. It is a 404 if none of them is there.
    """
    ids = (*query.id, *(body.all() if body else ()))
    if not ids:
        fault = Fault("?id", "name at least one generator, in the query or in the body")
        raise RequestError("no generator is named", (fault,))
    return JSONResponse(removal_json(await service.remove(tuple(dict.fromkeys(ids)))))


@router.post(
    "/pause",
    summary="Pause a generator",
    responses={200: {"model": GeneratorOut}, **problems(404, 422, 503)},
)
async def pause(query: Annotated[GeneratorIdQuery, Query()], service: Service) -> Response:
    """Pauses a generator. When this answers, nothing more of it appears in the destination."""
    return JSONResponse(generator_json(await service.pause(query.id)))


@router.post(
    "/resume",
    summary="Let a paused or failed generator go on",
    responses={200: {"model": GeneratorOut}, **problems(404, 422, 503)},
)
async def resume(query: Annotated[ResumeQuery, Query()], service: Service) -> Response:
    """Goes on at the next index; with `skip=1` past the event that the generator failed at.

    A generator whose destination has lost its position needs to know which one holds: with
    `position=registry` it goes on past what it had committed, with `position=destination` it
    delivers that again.
    """
    view = await service.resume(query.id, skip=query.skip, position=query.position)
    return JSONResponse(generator_json(view))


@router.get(
    "/events",
    summary="Make a generator's events again",
    responses={200: {"model": EventsOut}, **problems(404, 422, 503)},
)
async def events(query: Annotated[EventsQuery, Query()], service: Service) -> Response:
    """Recomputes events, past or future. Nothing is delivered; skipped ones are left out."""
    page = await service.events(query.id, query.first, query.count)
    return Response(events_body(page), media_type="application/json")
