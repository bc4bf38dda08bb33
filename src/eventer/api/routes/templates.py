"""Templates: see their events, check them, without adding anything."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from eventer.api.examples import PREVIEW_EXAMPLES, VALIDATE_EXAMPLES
from eventer.api.routing import JsonRoute, Service, problems
from eventer.api.wire.responses import PreviewOut, ValidateOut
from eventer.api.wire.templates import PreviewBody, TemplateBody, ValidateBody
from eventer.service.answers import preview_body, validation_json

router = APIRouter(prefix="/generator", tags=["templates"], route_class=JsonRoute)


@router.post(
    "/preview",
    summary="Show events of a template",
    responses={200: {"model": PreviewOut}, **problems(503, body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": PREVIEW_EXAMPLES}}}
    },
)
async def preview(body: PreviewBody, service: Service, request: Request) -> Response:
    """Makes events as a generator would. Nothing is delivered and nothing is kept.

    With the `seed` of the answer the same request gives the same events.
    """
    _set_template_pointer(request, body)
    made = await service.preview(body.request())
    return Response(preview_body(made), media_type="application/json")


@router.post(
    "/validate",
    summary="Check a template",
    responses={200: {"model": ValidateOut}, **problems(503, body=True)},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": VALIDATE_EXAMPLES}}}
    },
)
async def validate(body: ValidateBody, service: Service, request: Request) -> Response:
    """Checks a template as `add` would, also whether it can go into `destination` where given."""
    _set_template_pointer(request, body)
    target = None if body.destination is None else body.destination.target()
    return JSONResponse(validation_json(await service.validate(body.request(), target)))


def _set_template_pointer(request: Request, body: TemplateBody) -> None:
    """Errors of the template are to name the field that it came in."""
    request.state.template_pointer = f"/{body.field}"
