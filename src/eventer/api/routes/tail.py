"""The tail of a generator: its events as they are committed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import Field

from eventer.api.problems import problem_of
from eventer.api.routes.generators import GeneratorIdQuery
from eventer.api.routes.verify import NDJSON
from eventer.api.routing import JsonRoute, Service, problems
from eventer.api.wire.field_types import QueryInteger
from eventer.core.errors import EventerError
from eventer.core.limits import MAX_RECOMPUTED
from eventer.service.views import RecomputedEvents

SSE = "text/event-stream"

router = APIRouter(prefix="/generator", tags=["generators"], route_class=JsonRoute)


class TailQuery(GeneratorIdQuery):
    """The query of `tail`."""

    last: QueryInteger = Field(
        default=10, ge=0, le=MAX_RECOMPUTED, description="Committed events to begin with."
    )


@router.get(
    "/tail",
    summary="Follow a generator's events as they are committed",
    responses={
        200: {
            "content": {NDJSON: {"schema": {"type": "string"}}, SSE: {"schema": {"type": "string"}}}
        },
        **problems(404, 422, 503),
    },
    response_class=Response,
)
async def tail(
    query: Annotated[TailQuery, Query()], service: Service, request: Request
) -> Response:
    """Sends lines `{"index": …, "event": …}` until the client disconnects.

    Sends at most 50 events per second, the newest ones. They are recomputed; the destination is
    not read. A client that accepts `text/event-stream` gets server-sent events. If the generator is
    removed, the last line is a problem. The `index` of a step of a timeline is its number in the
    order of delivery; `last` does not apply to steps.
    """
    pages = service.tail(query.id, last=query.last)
    if SSE in request.headers.get("accept", ""):
        return StreamingResponse(_stream(pages, b"data: ", b"\n\n", b":\n\n"), media_type=SSE)
    return StreamingResponse(_stream(pages, b"", b"\n", b""), media_type=NDJSON)


async def _stream(
    pages: AsyncIterator[RecomputedEvents], before: bytes, after: bytes, idle: bytes
) -> AsyncIterator[bytes]:
    """The events of the pages as messages; `idle` shows a client that the connection lives."""
    async with aclosing(pages):  # type: ignore[type-var]  # it is a generator
        try:
            async for page in pages:
                messages = zip(page.indices, page.events, strict=True)
                yield (
                    b"".join(
                        b'%b{"index":%d,"event":%b}%b' % (before, index, event, after)
                        for index, event in messages
                    )
                    or idle
                )
        except EventerError as error:
            yield before + json.dumps(problem_of(error)).encode() + after
