"""Verification: what landed, against the events made again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import Field

from eventer.api.problems import problem_of
from eventer.api.routes.generators import OneId
from eventer.api.routing import JsonRoute, Service, problems
from eventer.api.wire.answers import VerifyOut
from eventer.api.wire.render import Json, verification_json
from eventer.core.errors import EventerError
from eventer.service.views import Verification, VerifyProgress

LINES = "application/x-ndjson"
_LOOK_S = 1.0

router = APIRouter(prefix="/generator", tags=["generators"], route_class=JsonRoute)
News = AsyncIterator[VerifyProgress | Verification]


class VerifyQuery(OneId):
    """The query of `verify`."""

    allow_foreign: bool = Field(
        default=False, description="Whether what nobody made is nothing wrong."
    )


@router.post(
    "/verify",
    summary="Compare what landed with a generator's events",
    responses={
        200: {
            "model": VerifyOut,
            "content": {LINES: {"schema": {"type": "string"}}},
        },
        **problems(404, 409, 422, 503),
    },
)
async def verify(
    query: Annotated[VerifyQuery, Query()], service: Service, request: Request
) -> Response:
    """Reads the topic or table back and compares it with the events made again from the seed.

    Works while the generator runs: it looks at everything before the position when it began. It
    takes as long as making the events does, and ends when the client goes. A client that accepts
    `application/x-ndjson` gets lines `{"made": …, "total": …}` on the way, then the answer as the
    last line, or a problem in its place.
    """
    news = service.verify(query.id, allow_foreign=query.allow_foreign)
    if LINES in request.headers.get("accept", ""):
        first = await anext(news)
        return StreamingResponse(_lines(first, news), media_type=LINES)
    return JSONResponse(await _outcome(news, request))


async def _lines(first: VerifyProgress | Verification, news: News) -> AsyncIterator[str]:
    async with aclosing(news):  # type: ignore[type-var]  # it is a generator
        yield _line(first)
        try:
            async for each in news:
                yield _line(each)
        except EventerError as error:
            yield json.dumps(problem_of(error)) + "\n"


def _line(news: VerifyProgress | Verification) -> str:
    if isinstance(news, VerifyProgress):
        return json.dumps({"made": news.made, "total": news.total}) + "\n"
    return json.dumps(verification_json(news), ensure_ascii=False) + "\n"


async def _outcome(news: News, request: Request) -> Json | None:
    """The last of the news; ends them early where the client has gone."""
    asking = asyncio.create_task(_last(news))
    try:
        while not asking.done():
            await asyncio.wait({asking}, timeout=_LOOK_S)
            if await request.is_disconnected():
                return None
        return verification_json(asking.result())
    finally:
        asking.cancel()
        await asyncio.wait({asking})


async def _last(news: News) -> Verification:
    async with aclosing(news):  # type: ignore[type-var]  # it is a generator
        async for each in news:
            if isinstance(each, Verification):
                return each
    raise AssertionError("a verification ends with an outcome, or an error")
