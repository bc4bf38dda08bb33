"""The service itself: template functions, health, metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from eventer.api.metrics import MEDIA_TYPE, metrics_text
from eventer.api.problems import ProblemType, problem_json, problem_response
from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.responses import FunctionsOut, HealthOut, ReadyOut
from eventer.service.function_catalog import functions_json

router = APIRouter(tags=["service"], route_class=JsonRoute)


@router.get(
    "/functions",
    summary="The functions that templates can call",
    responses={200: {"model": FunctionsOut}, **problems()},
)
async def functions() -> Response:
    """All functions, with their parameters, results and examples."""
    return JsonResponse(functions_json())


@router.get(
    "/healthz",
    summary="Whether the process responds",
    responses={200: {"model": HealthOut}, **problems()},
)
async def healthz() -> Response:
    """Needs no token."""
    return JsonResponse({"status": "ok"})


@router.get(
    "/readyz",
    summary="Whether the service can work",
    responses={200: {"model": ReadyOut}, **problems(503)},
)
async def readyz(service: Service) -> Response:
    """Needs no token. Destinations do not count: generators wait for them."""
    if reasons := await service.problems():
        return problem_response(problem_json(ProblemType.SERVICE_UNAVAILABLE, "; ".join(reasons)))
    return JsonResponse({"ready": True})


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    responses={200: {"content": {"text/plain": {}}}, **problems(503)},
    response_class=Response,
)
async def metrics(service: Service) -> Response:
    """Metrics in Prometheus' text format."""
    text = await asyncio.to_thread(metrics_text, await service.snapshot())
    return Response(text, media_type=MEDIA_TYPE)
