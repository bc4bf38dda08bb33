"""What the answer to a request means for the events in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from eventer.core.errors import DestinationRejectedError, EventerError, TargetUnavailableError

_SUCCESS: Final = range(200, 300)
_REDIRECTION: Final = range(300, 400)
_SERVER_ERRORS: Final = range(500, 600)
_RETRIED: Final = frozenset({408, 425, 429})
_ABOUT_EVENTS: Final = frozenset({400, 409, 413, 422})
_NO_LOGIN: Final = frozenset({401, 403, 407})
_MAX_WAIT_SECONDS: Final = 3_600.0
_MAX_TEXT: Final = 200


class RejectedRequestError(EventerError):
    """The server rejects the events of a request. Others may be accepted."""


def answer_error(url: str, status: int, text: str) -> EventerError | None:
    """The error of an answer with this status and body; None if the events were accepted."""
    if status in _SUCCESS:
        return None
    message = f"{url} answers with status {status}"
    if reason := " ".join(text.split())[:_MAX_TEXT]:
        message += f": {reason}"
    if status in _RETRIED or status in _SERVER_ERRORS:
        return TargetUnavailableError(message, hint="Eventer keeps trying")
    if status in _ABOUT_EVENTS:
        return RejectedRequestError(message)
    return DestinationRejectedError(message, hint=_hint(status))


def _hint(status: int) -> str:
    if status in _NO_LOGIN:
        return "check `headers` of the connection"
    if status in _REDIRECTION:
        return "Eventer does not follow redirects: set `url` or `path` to the new address"
    return "check `url` of the connection and `path` of the destination"


def hide_values(text: str, values: Iterable[str]) -> str:
    """A text with `***` in place of values of headers, and of tokens after their schemes."""
    hidden = {part for value in values for part in (value, value.split()[-1])}
    for part in sorted(hidden, key=len, reverse=True):
        text = text.replace(part, "***")
    return text


def retry_after_seconds(value: str | None, now: datetime) -> float:
    """How long a `Retry-After` header asks to wait; 0 if it is absent or wrong."""
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return min(float(value), _MAX_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), _MAX_WAIT_SECONDS)
