"""What stands before every route: who may ask, from where, and how much they may send.

A body is read whole before a route sees it, counted as it streams: what is too large is refused at
the first byte that is too many.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from eventer.api.problems import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    FORBIDDEN,
    MALFORMED_JSON,
    UNAUTHORIZED,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemType,
    problem_json,
    problem_response,
)
from eventer.settings.model import Settings, is_loopback

DISCARDED_BYTES = 8 << 20
"""How much of a body that is too large is still read, so that its sender sees the answer."""
# What probes and browsers must reach without a token; it tells nothing of this service's data.
PUBLIC_PATHS = frozenset({"/healthz", "/readyz", "/docs", "/redoc", "/openapi.json"})
PUBLIC_PREFIX = "/static-offline-docs/"
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READ_PATHS = frozenset({"/generator/preview", "/generator/validate", "/generator/verify"})


class RequestRejection(Exception):  # noqa: N818  it is an answer, not an error
    """A request that goes no further, and why."""

    def __init__(self, kind: ProblemType, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.hint = hint


class Guard:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._tokens = tuple(_tokens(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with a problem, or lets the request through with its body read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check_head(scope)
            body = await self._body(scope, receive)
        except RequestRejection as rejection:
            await _answer(rejection)(scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    def _check_head(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        check_host(headers, self._settings)
        check_origin(headers)
        self._check_token(scope["method"], scope["path"], headers)

    def _check_token(self, method: str, path: str, headers: Headers) -> None:
        if not self._tokens or path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX):
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # Every token is compared, in constant time, so that nothing is learnt from the time taken.
        matches = [
            (hmac.compare_digest(given.strip().encode("latin-1"), token), may_write)
            for token, may_write in self._tokens
        ]
        rights = [may_write for matched, may_write in matches if matched]
        if scheme.lower() != "bearer" or not rights:
            raise RequestRejection(UNAUTHORIZED, "this service asks for a token", _TOKEN_HINT)
        if not any(rights) and method not in READ_METHODS and path not in READ_PATHS:
            raise RequestRejection(
                FORBIDDEN, "this token is for reading, preview, validate and verify only"
            )

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
                BODY_TOO_SLOW, f"the body took longer than {seconds:g} s"
            ) from None
        if body and scope["method"] not in READ_METHODS:
            check_media_type(headers)
        return body


_TOKEN_HINT = "send the header 'Authorization: Bearer <token>'"  # noqa: S105  it holds none


def _tokens(settings: Settings) -> Iterator[tuple[bytes, bool]]:
    """Each token with whether it allows everything. A reading token alone protects nothing."""
    if settings.token is None:
        return
    yield settings.token.get_secret_value().encode(), True
    if settings.read_token is not None:
        yield settings.read_token.get_secret_value().encode(), False


def check_host(headers: Headers, settings: Settings) -> None:
    """Refuses a host that is not this service's: a page elsewhere may have had its name rebound.

    Raises:
        RequestRejection: the host is unknown.
    """
    host = host_name(headers.get("host", ""))
    if is_loopback(host) or host in {
        settings.host.lower(),
        *map(str.lower, settings.allowed_hosts),
    }:
        return
    if _is_address(host) and not is_loopback(settings.host):
        return  # rebinding needs a name
    raise RequestRejection(
        FORBIDDEN,
        f"this service does not answer to the host {host!r}",
        "name it in EVENTER_ALLOWED_HOSTS",
    )


def host_name(host: str) -> str:
    """The name or address of a Host header, in lower case, without port and brackets."""
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
    """Refuses what a page of another origin asks for.

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
        raise RequestRejection(FORBIDDEN, f"pages of {origin} may not use this service")


def check_media_type(headers: Headers) -> None:
    """Refuses bodies that a web page could send unasked: anything but JSON.

    Raises:
        RequestRejection: the body is declared as something else, or as nothing.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = media_type.partition("/")
    if main != "application" or not (sub == "json" or sub.endswith("+json")):
        said = f"is {media_type}" if media_type else "has no type"
        raise RequestRejection(
            UNSUPPORTED_MEDIA_TYPE,
            f"the body {said}, not JSON",
            "send the header 'Content-Type: application/json'",
        )


def _too_large(limit: int) -> RequestRejection:
    return RequestRejection(BODY_TOO_LARGE, f"the body is larger than {limit} bytes")


async def _read(receive: Receive, limit: int) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestRejection(MALFORMED_JSON, "the body ended before its end")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            await _discard(receive)
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _discard(receive: Receive) -> None:
    """Lets the rest of a body pass, within bounds: many clients read no answer before they sent."""
    left = DISCARDED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Gives the whole body as one message, then what comes after it (a disconnect)."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _answer(rejection: RequestRejection) -> ASGIApp:
    headers = {"Connection": "close"}  # what is left of the body is not wanted
    if rejection.kind is UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="eventer"'
    return problem_response(problem_json(rejection.kind, rejection.detail, rejection.hint), headers)
