"""Verification: compares delivered events with recomputed ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from eventer.api.problems import problem_of
from eventer.api.routes.generators import GeneratorIdQuery
from eventer.api.routing import JsonResponse, JsonRoute, Service, problems
from eventer.api.wire.field_types import QueryFlag
from eventer.api.wire.response_model import Json
from eventer.api.wire.responses import VerifyOut
from eventer.core.errors import EventerError
from eventer.service.views import AuditProgress, Verification

NDJSON = "application/x-ndjson"
_DISCONNECT_POLL_S = 1.0

router = APIRouter(prefix="/generator", tags=["generators"], route_class=JsonRoute)
VerifyUpdates = AsyncIterator[AuditProgress | Verification]


class VerifyQuery(GeneratorIdQuery):
    """The query of `verify`."""

    allow_foreign: QueryFlag = Field(
        default=False, description="Whether foreign events are accepted."
    )


@router.post(
    "/verify",
    summary="Compare delivered events with recomputed ones",
    responses={
        200: {"model": VerifyOut, "content": {NDJSON: {"schema": {"type": "string"}}}},
        **problems(404, 409, 422, 503),
    },
)
async def verify(
    query: Annotated[VerifyQuery, Query()], service: Service, request: Request
) -> Response:
    """Reads the topic, table or folder and compares it with the events, recomputed from the seed.

    The generator may be running: the comparison covers all events before its position at the start.
    It takes about as long as generating the events, and ends when the client disconnects. A client
    that accepts `application/x-ndjson` gets progress as lines `{"made": …, "total": …}`; the last
    line is the answer, or a problem.
    """
    progress = service.verify(query.id, allow_foreign=query.allow_foreign)
    if NDJSON in request.headers.get("accept", ""):
        first = await anext(progress)
        return StreamingResponse(_as_lines(first, progress), media_type=NDJSON)
    return JsonResponse(await _outcome(progress, request))


async def _as_lines(
    first: AuditProgress | Verification, progress: VerifyUpdates
) -> AsyncIterator[str]:
    async with aclosing(progress):  # type: ignore[type-var]  # it is a generator
        yield _line(first)
        try:
            async for each in progress:
                yield _line(each)
        except EventerError as error:
            yield json.dumps(problem_of(error)) + "\n"


def _line(progress: AuditProgress | Verification) -> str:
    if isinstance(progress, AuditProgress):
        return json.dumps({"made": progress.recomputed, "total": progress.total}) + "\n"
    return json.dumps(VerifyOut.json_of(progress), ensure_ascii=False) + "\n"


async def _outcome(progress: VerifyUpdates, request: Request) -> Json | None:
    """The result; None if the client disconnected, which ends the verification."""
    last_update = asyncio.create_task(_last(progress))
    try:
        while not last_update.done():
            await asyncio.wait({last_update}, timeout=_DISCONNECT_POLL_S)
            if await request.is_disconnected():
                return None
        return VerifyOut.json_of(last_update.result())
    finally:
        last_update.cancel()
        await asyncio.wait({last_update})


async def _last(progress: VerifyUpdates) -> Verification:
    async with aclosing(progress):  # type: ignore[type-var]  # it is a generator
        async for each in progress:
            if isinstance(each, Verification):
                return each
    raise AssertionError("a verification ends with a result or an error")
