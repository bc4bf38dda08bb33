"""What the clients share: options of the connection, and errors without the words of the client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from eventer.client.problems import problem_error
from eventer.core.addresses import without_login
from eventer.core.errors import ServiceUnreachableError
from eventer.core.network_errors import network_error_text

NDJSON: Final = {"Accept": "application/x-ndjson"}
_TIMEOUT_SECONDS: Final = 60.0
LINES_TIMEOUT: Final = httpx.Timeout(_TIMEOUT_SECONDS, read=None)
"""The timeout of an answer line by line: there is no limit between lines."""


@dataclass(frozen=True, slots=True)
class Address:
    """The URL of a service, and the token of its clients."""

    url: str
    token: str | None = field(default=None, repr=False)

    def options(self, *, keep_alive: bool) -> dict[str, Any]:
        """The options of an `httpx` client; with `keep_alive`, it leaves connections open."""
        return {
            "base_url": self.url,
            "headers": {"Authorization": f"Bearer {self.token}"} if self.token else {},
            "timeout": _TIMEOUT_SECONDS,
            "limits": httpx.Limits(max_keepalive_connections=None if keep_alive else 0),
        }

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raises `ServiceUnreachableError` if the service does not answer during the block."""
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ServiceUnreachableError(
                f"no service answers at {without_login(self.url)}: {_reason(error)}",
                hint="start one with `eventer serve` or `eventer dev`, or set EVENTER_URL",
            ) from error

    def check(self, answer: httpx.Response) -> None:
        """Checks that an answer, whose body is read, is not a problem.

        Raises:
            ServiceUnreachableError: the server is not Eventer.
            EventerError: the service rejects the request; see `problem_error`.
        """
        if not answer.is_success:
            raise problem_error(answer.status_code, self.json(answer))

    def json(self, answer: httpx.Response) -> Any:
        """The JSON value of an answer.

        Raises:
            ServiceUnreachableError: the server is not Eventer.
        """
        try:
            return answer.json()
        except ValueError as error:
            raise ServiceUnreachableError(
                f"the server at {without_login(self.url)} is not Eventer "
                f"(status {answer.status_code})"
            ) from error


def line_value(line: str) -> Any:
    """The JSON value of a line of an answer.

    Raises:
        EventerError: it is a problem; see `problem_error`.
    """
    value = json.loads(line)
    if "status" in value:
        raise problem_error(value["status"], value)
    return value


def _reason(error: BaseException) -> str:
    """Why no service answered. The error of the system is the cause of the client's."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    cause: BaseException | None = error
    while cause is not None:
        if (text := network_error_text(cause)) is not None:
            return text
        cause = cause.__cause__ or cause.__context__
    return "the server at this address does not speak HTTP"
