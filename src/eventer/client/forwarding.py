"""Forwards the requests of clients to another service, and its answers to the clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

import httpx

from eventer.client.transport import LINES_TIMEOUT, Address
from eventer.core.errors import ServiceUnreachableError

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

FORWARDED: Final = b"eventer-forwarded"
"""The header of forwarded requests: they are not forwarded again."""
_OF_CONNECTION: Final = frozenset(
    {
        b"connection",
        b"content-length",
        b"host",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that concern one connection."""


class NotSentError(ServiceUnreachableError):
    """The service could not be reached, so it did not get the request."""


@dataclass(frozen=True, slots=True)
class ForwardedAnswer:
    """The answer of the other service; its body as it arrives."""

    status: int
    headers: Headers
    body: AsyncIterator[bytes]


class Forwarder:
    """Sends requests to services, and keeps the connections open until `close`."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            timeout=LINES_TIMEOUT,
            transport=transport,
            trust_env=False,  # a proxy for the internet does not reach the leader
        )

    @asynccontextmanager
    async def send(
        self, url: str | None, method: str, target: str, headers: Headers, body: bytes
    ) -> AsyncIterator[ForwardedAnswer]:
        """The answer to a request for `target` (path and query) of the service at `url`, if any.

        Raises:
            NotSentError: the service could not be reached.
            ServiceUnreachableError: the connection was lost, before or during the answer.
        """
        if url is None:
            raise NotSentError("there is no service to forward requests to")
        request = self._http.build_request(
            method,
            url + target,
            headers=[*_forwarded(headers), (FORWARDED, b"1")],
            content=body,
        )
        with Address(url).translate_errors():
            try:
                answer = await self._http.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise NotSentError(f"no service answers at {url}") from error
            try:
                raw = _forwarded(answer.headers.raw)
                yield ForwardedAnswer(answer.status_code, raw, answer.aiter_raw())
            finally:
                await answer.aclose()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def _forwarded(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in _OF_CONNECTION]
