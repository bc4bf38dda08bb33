"""Posts chunks of events to the endpoints of a connection."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import httpx

from eventer.core.errors import TargetUnavailableError
from eventer.core.model import PositionKey
from eventer.core.network_errors import network_error_text
from eventer.destinations.http.answers import answer_error, hide_values, retry_after_seconds
from eventer.destinations.http.event_chunks import EventChunk
from eventer.destinations.http.reachability import unreachable
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.http.target import HttpTarget

_MEDIA_TYPES: Final = {"ndjson": "application/x-ndjson", "json": "application/json"}
_COMPRESSION_LEVEL: Final = 1


class HttpClient:
    """Requests of a connection, of which a limited number is in flight."""

    def __init__(
        self, settings: HttpSettings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._held_until: dict[str, float] = {}
        limits = httpx.Limits(max_connections=settings.parallel_requests)
        self._client = httpx.AsyncClient(
            headers=list(settings.headers),
            verify=settings.ssl_context() if settings.url.startswith("https:") else False,
            timeout=httpx.Timeout(settings.timeout, pool=None),
            limits=limits,
            trust_env=False,
        )

    async def post(self, key: PositionKey, target: HttpTarget, chunk: EventChunk) -> None:
        """Posts a chunk once, or again if the server closed an idle connection.

        Raises:
            RejectedRequestError: the server rejects the events.
            DestinationRejectedError: it rejects the request, whatever its events are.
            TargetUnavailableError: this endpoint does not accept requests for now.
            DestinationUnavailableError: the server is not reachable.
        """
        url = self._settings.endpoint(target.path)
        self._check_held(url)
        headers = {
            "Content-Type": _MEDIA_TYPES[target.format],
            "Idempotency-Key": chunk.idempotency_key(key),
        }
        body = chunk.body(target.format)
        if self._settings.compression == "gzip":
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, _COMPRESSION_LEVEL, mtime=0)
        answer = await self._send(url, body, headers)
        if error := answer_error(url, answer.status_code, self._shown_text(answer)):
            self._hold(url, answer)
            raise error

    async def close(self) -> None:
        """Closes all connections."""
        await self._client.aclose()

    async def _send(self, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        try:
            try:
                return await self._client.post(url, content=body, headers=headers)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                return await self._client.post(url, content=body, headers=headers)
        except httpx.ConnectError as error:
            raise unreachable(self._settings, _cause(error)) from error
        except httpx.TimeoutException as error:
            raise _unavailable(url, "no answer in time") from error
        except httpx.HTTPError as error:
            reason = network_error_text(_cause(error)) or "its answer is not HTTP"
            raise _unavailable(url, reason) from error

    def _shown_text(self, answer: httpx.Response) -> str:
        """The text of an answer, whatever its charset, without values of the settings' headers."""
        text = answer.content.decode(errors="replace")
        return hide_values(text, (value for _, value in self._settings.headers))

    def _check_held(self, url: str) -> None:
        """Checks that the server has not asked to wait."""
        left = self._held_until.get(url, 0.0) - self._monotonic()
        if left > 0:
            raise _unavailable(url, f"it asked to wait for {left:.0f} s more")

    def _hold(self, url: str, answer: httpx.Response) -> None:
        wait = retry_after_seconds(answer.headers.get("Retry-After"), datetime.now(UTC))
        self._held_until[url] = self._monotonic() + wait


def _unavailable(url: str, reason: str) -> TargetUnavailableError:
    return TargetUnavailableError(f"{url} is not available: {reason}", hint="Eventer keeps trying")


def _cause(error: BaseException) -> BaseException:
    """The error of the system that the client's error has as its origin, if there is one."""
    cause: BaseException | None = error
    while cause is not None:
        if network_error_text(cause) is not None:
            return cause
        cause = cause.__cause__ or cause.__context__
    return error
