"""Connections: a test of one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.connection_responses import ConnectionReportOut
from eventer.core.limits import MAX_TESTED_TARGETS
from eventer.core.request_fields import ConnectionName, RequestModel

router = APIRouter(prefix="/connection", tags=["connections"], route_class=JsonRoute)


class ConnectionTestQuery(RequestModel):
    """The query of `test`."""

    name: ConnectionName = Field(description="The connection's name.", examples=["kafka"])
    target: list[str] = Field(
        default_factory=list,
        max_length=MAX_TESTED_TARGETS,
        description="Topics, tables or folders whose sizes are read.",
    )


@router.post(
    "/test",
    summary="Test a connection",
    responses={200: {"model": ConnectionReportOut}, **problems(404, 409, 422, 503)},
)
async def check_connection(
    query: Annotated[ConnectionTestQuery, Query()], service: Service
) -> Response:
    """Connects as a generator would, in its own process, and changes no topic, table or file.

    If the connection does not work, the problem says why and what to do.
    """
    report = await service.test_connection(query.name, query.target)
    return JsonResponse(ConnectionReportOut.json_of(report))
