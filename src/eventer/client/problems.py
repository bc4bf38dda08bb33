"""Problems (RFC 9457) that a service answered, as errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventer.core.errors import (
    DestinationUnavailableError,
    EventerError,
    Fault,
    NotFoundError,
    RequestError,
    ServiceProblemError,
)
from eventer.core.source import Place


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
