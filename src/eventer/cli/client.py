"""An HTTP client for the service: JSON in and out, problems as `EventerError`s."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from eventer.cli.exit_codes import ServiceUnreachableError
from eventer.core.errors import (
    DestinationUnavailableError,
    EventerError,
    Fault,
    NotFoundError,
    RequestError,
)
from eventer.core.network_errors import network_error_text
from eventer.core.source import Place
from eventer.settings import Settings
from eventer.settings.addresses import without_login

_TIMEOUT_SECONDS = 60.0
_FULL_ID_LENGTH = 19
"""Digits of most ids; shorter texts may be prefixes."""


class ServiceProblemError(EventerError):
    """The service answered with a problem that the request did not cause."""


class ServiceClient:
    """One service, at `settings.service_url`."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        token = settings.token or settings.read_token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        self._url = without_login(settings.service_url)
        self._http = httpx.Client(
            base_url=settings.service_url,
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
            # A command asks once: no connection is left open for another time.
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON value in the answer to a GET.

        Raises:
            ServiceUnreachableError: the service does not answer.
            EventerError: the service refuses the request; see `problem_error`.
        """
        return self._ask(lambda: self._http.get(path, params=dict(query or {})))

    def post(
        self, path: str, query: Sequence[tuple[str, str]] = (), body: bytes | None = None
    ) -> Any:
        """The JSON value in the answer to a POST; raises as `get` does."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._ask(
            lambda: self._http.post(path, params=list(query), content=body, headers=headers)
        )

    def post_lines(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Iterator[Any]:
        """The JSON values of a POST answered line by line, as they arrive; raises as `get` does."""
        yield from self._lines("POST", path, query)

    def get_lines(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Iterator[Any]:
        """The JSON values of a GET answered line by line, as they arrive; raises as `get` does."""
        yield from self._lines("GET", path, query)

    def _lines(self, method: str, path: str, query: Sequence[tuple[str, str]]) -> Iterator[Any]:
        headers = {"Accept": "application/x-ndjson"}
        with (
            self._translate_errors(),
            self._http.stream(method, path, params=list(query), headers=headers) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise problem_error(answer.status_code, self._json(answer))
            for line in answer.iter_lines():
                value = json.loads(line)
                if "status" in value:
                    raise problem_error(value["status"], value)
                yield value

    def full_ids(self, ids: Sequence[str]) -> list[str]:
        """The ids of generators, or their names; each id may be given as a unique prefix.

        A name has other characters than digits, so none is a prefix. Raises as `get` does.
        """
        if not any(id_.isdecimal() and len(id_) < _FULL_ID_LENGTH for id_ in ids):
            return list(ids)
        known = [each["id"] for each in self.get("/generator/status")["generators"]]
        return [_full_id(id_, known) for id_ in ids]

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ServiceUnreachableError(
                f"no service answers at {self._url}: {_reason(error)}",
                hint="start one with `eventer serve` or `eventer dev`, or set EVENTER_URL",
            ) from error

    def _ask(self, request: Any) -> Any:
        with self._translate_errors():
            answer: httpx.Response = request()
        if answer.is_success:
            return self._json(answer)
        raise problem_error(answer.status_code, self._json(answer))

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise ServiceUnreachableError(
                f"the server at {self._url} is not Eventer (status {answer.status_code})"
            ) from error


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


def _full_id(text: str, known: Sequence[str]) -> str:
    """The known id that is `text`, or the only one that begins with it; else `text`."""
    matching = [id_ for id_ in known if text and id_.startswith(text)]
    if text in known or not matching:
        return text
    if len(matching) > 1:
        raise RequestError(f"{len(matching)} ids begin with {text}: give more digits")
    return matching[0]


def problem_error(status: int, problem: Mapping[str, Any]) -> EventerError:
    """The error for a problem (RFC 9457) that the service answered."""
    message, hint = problem.get("detail") or f"status {status}", problem.get("hint")
    if status in (400, 413, 415, 422):
        faults = tuple(_fault(fault) for fault in problem.get("errors", ()))
        error: EventerError = RequestError(message, faults)
        error.hint = None if faults else hint
        return error
    if status == 401:
        return ServiceProblemError(message, hint="set EVENTER_TOKEN to the token of the service")
    if status == 404:
        return NotFoundError(message, hint=hint)
    if status == 503:
        return DestinationUnavailableError(message, hint=hint)
    return ServiceProblemError(message, hint=hint)


def _fault(fault: Mapping[str, Any]) -> Fault:
    where = fault.get("pointer", f"?{fault.get('parameter', '')}")
    return Fault(where, fault["message"], fault.get("hint"), _place(fault))


def _place(fault: Mapping[str, Any]) -> Place | None:
    if "line" not in fault:
        return None
    return Place(
        fault["template"],
        fault["line"],
        fault["column"],
        fault["end_line"],
        fault["end_column"],
        fault["source_line"],
    )
