"""Templates: preview their events and check them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from eventer.api.examples import PREVIEW_EXAMPLES, VALIDATE_EXAMPLES
from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.responses import PreviewOut, ValidateOut
from eventer.api.wire.template_requests import PreviewBody, TemplateBody, ValidateBody

router = APIRouter(prefix="/generator", tags=["templates"], route_class=JsonRoute)


@router.post(
    "/preview",
    summary="Preview events of a template",
    responses={200: {"model": PreviewOut}, **problems(503, body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": PREVIEW_EXAMPLES}}}
    },
)
async def preview(body: PreviewBody, service: Service, request: Request) -> Response:
    """Generates events as a generator would, but neither delivers nor stores anything.

    The same request with the `seed` of the answer gives the same events.
    """
    set_template_pointer(request, body)
    events = await service.templates.preview(body.request())
    return JsonResponse(PreviewOut.body_of(events))


@router.post(
    "/validate",
    summary="Check a template",
    responses={200: {"model": ValidateOut}, **problems(503, body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": VALIDATE_EXAMPLES}}}
    },
)
async def validate(body: ValidateBody, service: Service, request: Request) -> Response:
    """Checks a template as `add` does, and whether `destination`, if given, can take its events."""
    set_template_pointer(request, body)
    target = None if body.destination is None else body.destination.target()
    inspection = await service.templates.validate(body.request(), target)
    for rejection in inspection.rejections.values():
        raise rejection
    return JsonResponse(ValidateOut.json_of(inspection))


def set_template_pointer(request: Request, body: TemplateBody) -> None:
    """Makes errors of the template point at the field that held it."""
    request.state.template_pointer = f"/{body.field}"
