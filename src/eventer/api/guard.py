"""Checks requests before the routes: tokens, hosts, origins, and the size and type of bodies.

It reads the whole body before a route runs, and rejects one that is too large as soon as it exceeds
the limit.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from eventer.api.problems import ProblemType, problem_json, problem_response
from eventer.api.session import Right, cookie_of, right_of_session, right_of_token
from eventer.settings.model import Settings, is_loopback

DISCARDED_BYTES = 8 << 20
"""Bytes of a body beyond the limit that are still read, so that the client sees the answer."""
# Probes and browsers need these without a token. They reveal no data of the service.
PUBLIC_PATHS = frozenset(
    {"/healthz", "/readyz", "/docs", "/redoc", "/openapi.json", "/login", "/logout"}
)
PUBLIC_PREFIX = "/static-offline-docs/"
MAY_WRITE = "may_write"
"""The name, in the state of a request, of whether it may change anything."""
_POLICY_VIOLATION = 1008
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ_PATHS = frozenset(
    {
        "/generator/preview",
        "/generator/validate",
        "/generator/verify",
        "/template/complete",
        "/template/format",
        "/template/profile",
    }
)


class RequestRejection(Exception):  # noqa: N818  it is an answer, not an error
    """Rejects a request, with the reason."""

    def __init__(self, kind: ProblemType, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.hint = hint


class Guard:
    """An ASGI application that guards another one."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._tokens_set = settings.token is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a problem, or passes the request on with its body.

        The state of the request says whether it may change anything (`MAY_WRITE`).
        """
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check_head(scope)
            if scope["type"] == "http":
                receive = _replay(await self._body(scope, receive), receive)
        except RequestRejection as rejection:
            await _answer(rejection, scope)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check_head(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_host(headers, self._settings)
        check_origin(headers)
        right = self._right(scope["path"], headers)
        scope.setdefault("state", {})[MAY_WRITE] = right == "write"
        method = scope.get("method", "GET")  # a WebSocket has none: its pages check the right
        if right != "write" and method not in READ_METHODS and scope["path"] not in READ_PATHS:
            raise RequestRejection(
                ProblemType.FORBIDDEN,
                "this token only allows reading, preview, validate, profile, complete, format "
                "and verify",
            )

    def _right(self, path: str, headers: Headers) -> Right:
        """The right of the request: by its token, or by its session. Without tokens, all of them.

        Raises:
            RequestRejection: it needs a token and has no valid one.
        """
        if not self._tokens_set or path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX):
            return "write"
        scheme, _, given = headers.get("authorization", "").partition(" ")
        session = "" if given else cookie_of(headers.get("cookie", ""))
        if session:
            right = right_of_session(session, self._settings, time.time())
        else:
            right = right_of_token(given.strip().encode("latin-1"), self._settings)
            right = right if scheme.lower() == "bearer" else None
        if right is None:
            what = "the token is not valid" if given else "a token is required"
            raise RequestRejection(ProblemType.UNAUTHORIZED, what, _AUTHORIZATION_HINT)
        return right

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        headers = Headers(scope=scope)
        limit, seconds = self._settings.limits.body_bytes, self._settings.limits.body_seconds
        declared = headers.get("content-length", "0")
        try:
            async with asyncio.timeout(seconds):
                if not declared.isdecimal() or int(declared) > limit:
                    await _discard(receive)
                    raise _too_large(limit)
                body = await _read(receive, limit)
        except TimeoutError:
            raise RequestRejection(
                ProblemType.BODY_TOO_SLOW, f"the body took longer than {seconds:g} s"
            ) from None
        if body and scope["method"] not in READ_METHODS:
            check_media_type(headers)
        return body


_AUTHORIZATION_HINT = "send the header 'Authorization: Bearer <token>'"


def check_host(headers: Headers, settings: Settings) -> None:
    """Rejects requests to unknown hosts: it prevents DNS rebinding.

    Raises:
        RequestRejection: the host is unknown.
    """
    host = host_name(headers.get("host", ""))
    known = {settings.host, *settings.allowed_hosts}
    if settings.advertise_url is not None:
        known.add(host_name(urlsplit(settings.advertise_url).netloc))
    if is_loopback(host) or host in map(str.lower, known):
        return
    if _is_address(host) and not is_loopback(settings.host):
        return  # rebinding needs a host name
    raise RequestRejection(
        ProblemType.FORBIDDEN,
        f"the host {host!r} is not allowed",
        "add it to EVENTER_ALLOWED_HOSTS",
    )


def host_name(host: str) -> str:
    """The name or address in a Host header, in lower case, without port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_origin(headers: Headers) -> None:
    """Rejects requests of pages from other origins.

    Raises:
        RequestRejection: the origin is not this service's own.
    """
    origin = headers.get("origin")
    if origin is None:
        return
    try:
        authority = urlsplit(origin).netloc
    except ValueError:
        authority = ""
    if not authority or authority.lower() != headers.get("host", "").lower():
        raise RequestRejection(
            ProblemType.FORBIDDEN, f"requests from pages of {origin} are not allowed"
        )


def check_media_type(headers: Headers) -> None:
    """Rejects bodies that are not JSON: web pages of other origins can send those.

    Raises:
        RequestRejection: the media type is another one, or missing.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = media_type.partition("/")
    if main != "application" or not (sub == "json" or sub.endswith("+json")):
        said = f"is {media_type}" if media_type else "has no media type"
        raise RequestRejection(
            ProblemType.UNSUPPORTED_MEDIA_TYPE,
            f"the body {said}, not JSON",
            "send the header 'Content-Type: application/json'",
        )


def _too_large(limit: int) -> RequestRejection:
    return RequestRejection(ProblemType.BODY_TOO_LARGE, f"the body is larger than {limit} bytes")


async def _read(receive: Receive, limit: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestRejection(
                ProblemType.MALFORMED_JSON, "the client disconnected before sending the full body"
            )
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            await _discard(receive)
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _discard(receive: Receive) -> None:
    """Reads the rest of a body, up to a limit: many clients only read the answer after sending."""
    left = DISCARDED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Receives the whole body as one message, then later messages (a disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _is_page(scope: Scope) -> bool:
    accepted = Headers(scope=scope).get("accept", "")
    return scope["method"] == "GET" and "text/html" in accepted


def _answer(rejection: RequestRejection, scope: Scope) -> ASGIApp:
    """The answer: a problem; a page that needs a token sends its reader to the login."""
    if scope["type"] == "websocket":
        return WebSocketClose(code=_POLICY_VIOLATION)
    if rejection.kind is ProblemType.UNAUTHORIZED and _is_page(scope):
        return RedirectResponse("/login", status_code=303)
    headers = {"Connection": "close"}  # the rest of the body is not read
    if rejection.kind is ProblemType.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="eventer"'
    return problem_response(problem_json(rejection.kind, rejection.detail, rejection.hint), headers)
