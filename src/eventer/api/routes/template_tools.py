"""Tools for authors of templates: profiles of the data, completion and formatting."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eventer.api.examples import COMPLETE_EXAMPLES, FORMAT_EXAMPLES, PROFILE_EXAMPLES
from eventer.api.routes.templates import set_template_pointer
from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.responses import CompleteOut, FormatOut, ProfileOut
from eventer.api.wire.template_requests import CompleteBody, FormatBody, ProfileBody

router = APIRouter(prefix="/template", tags=["templates"], route_class=JsonRoute)


@router.post(
    "/profile",
    summary="Profile the fields of a template's events",
    responses={200: {"model": ProfileOut}, **problems(503, body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": PROFILE_EXAMPLES}}}
    },
)
async def profile(body: ProfileBody, service: Service, request: Request) -> Response:
    """Generates events and describes each of their fields. Neither delivers nor stores anything.

    Events that fail are left out. If the events take longer than two seconds of CPU time, or have
    more than 8 MiB of text, the answer covers fewer of them.
    """
    set_template_pointer(request, body)
    return JsonResponse(ProfileOut.json_of(await service.templates.profile(body.request())))


@router.post(
    "/complete",
    summary="Suggest completions in a template",
    responses={200: {"model": CompleteOut}, **problems(body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": COMPLETE_EXAMPLES}}}
    },
)
async def complete(body: CompleteBody) -> Response:
    """Suggests functions, fields, variables and keywords for an editor.

    Depends on the text and the offset only; the template may be incomplete.
    """
    from eventer.service.complete_template import complete_template

    completion = await asyncio.to_thread(complete_template, body.template, body.offset)
    return JsonResponse(CompleteOut.json_of(completion))


@router.post(
    "/format",
    summary="Format a template",
    responses={200: {"model": FormatOut}, **problems(503, body=True)},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": FORMAT_EXAMPLES}}}},
)
async def format_(body: FormatBody, service: Service, request: Request) -> Response:
    """Indents a template by two spaces, with single quotes and trailing commas, as jsonnetfmt does.

    It means the same, has the same comments, and is the same generator. Formatting it again does
    not change it.
    """
    request.state.template_pointer = "/template"
    return JsonResponse(FormatOut.json_of(await service.templates.format(body.template)))
