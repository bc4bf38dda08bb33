"""The application of a service that stands by: the leader answers what its clients ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from eventer.api.metrics import MEDIA_TYPE, standby_metrics_text
from eventer.api.problems import ProblemType, problem_json, problem_response
from eventer.client.forwarding import FORWARDED, ForwardedAnswer, Forwarder, NotSentError
from eventer.core.errors import ServiceUnreachableError

PATIENCE_SECONDS: Final = 15.0
"""How long a request waits for a leader: longer than another service takes to become the leader."""
_RETRY_SECONDS: Final = 0.2
_TRY_AGAIN_LATER: Final = 1013
_RETRY_AFTER: Final = {"Retry-After": "2"}


class SwitchedApp:
    """An application that another one can replace while it serves."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request to the present application."""
        await self.app(scope, receive, send)


class StandbyApp:
    """Forwards requests to the service at `leader_url()`; answers those about itself."""

    def __init__(self, leader_url: Callable[[], str | None], forwarder: Forwarder) -> None:
        self._leader_url = leader_url
        self._forwarder = forwarder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request whose body is complete; see `eventer.api.guard.Guard`."""
        if scope["type"] == "websocket":
            await WebSocketClose(_TRY_AGAIN_LATER)(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._own_answer(request)
        if answer is not None:
            await answer(scope, receive, send)
        else:
            forwarding = self._forward(request, await request.body(), send)
            await _while_connected(forwarding, receive)

    def _own_answer(self, request: Request) -> Response | None:
        leader, path = self._leader_url(), request.url.path
        if path == "/healthz":
            return JSONResponse({"status": "ok"})
        if path == "/metrics":
            return Response(standby_metrics_text(), media_type=MEDIA_TYPE)
        if path == "/readyz" and leader is not None:
            return JSONResponse({"ready": True})
        if path == "/readyz" or FORWARDED.decode() in request.headers:
            return _unavailable("no service is the leader of the registry at present")
        if leader is not None and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(leader + _target(request))
        return None

    async def _forward(self, request: Request, body: bytes, send: Send) -> None:
        """Forwards a request, as soon as there is a leader that gets it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        begun = False
        while True:
            try:
                async with self._forwarder.send(
                    self._leader_url(),
                    request.method,
                    _target(request),
                    request.scope["headers"],
                    body,
                ) as answer:
                    begun = True
                    await _pass_on(answer, send)
            except ServiceUnreachableError as error:
                if begun:
                    raise  # the client sees that the answer ends too early
                may_repeat = isinstance(error, NotSentError) or request.method == "GET"
                if not may_repeat or time.monotonic() > deadline:
                    await _unavailable(_lost(error))(request.scope, request.receive, send)
                    return
            else:
                return
            await asyncio.sleep(_RETRY_SECONDS)


async def _while_connected(answering: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Answers a request until its client is gone: an answer line by line may never end."""

    async def wait_for_end() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    tasks = [asyncio.create_task(each) for each in (answering, wait_for_end())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    with suppress(asyncio.CancelledError):
        await tasks[0]


def _lost(error: ServiceUnreachableError) -> str:
    if isinstance(error, NotSentError):
        return "no service is the leader of the registry at present"
    return (
        "the leader of the registry was lost while it worked on this request; send it again: what "
        "was done is not done twice"
    )


def _unavailable(detail: str) -> Response:
    return problem_response(problem_json(ProblemType.SERVICE_UNAVAILABLE, detail), _RETRY_AFTER)


def _target(request: Request) -> str:
    query = request.url.query
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return str(raw.decode("latin-1")) + (f"?{query}" if query else "")


async def _pass_on(answer: ForwardedAnswer, send: Send) -> None:
    """Sends an answer to the client as it arrives."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    async for chunk in answer.body:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
