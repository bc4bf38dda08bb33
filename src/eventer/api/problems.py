"""Errors as RFC 9457 `application/problem+json`, with one fault per mistake."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from eventer.api.decode import MalformedJsonError
from eventer.api.wire.faults import FaultOut, faults_json
from eventer.core.errors import (
    BusyError,
    ConflictError,
    DestinationError,
    DestinationRejectedError,
    EventerError,
    Fault,
    NotFoundError,
    PositionLostError,
    RegistryError,
    RequestError,
    TemplateError,
    WorkerLostError,
)
from eventer.core.logs import event
from eventer.core.pointer import format_pointer
from eventer.core.suggestions import did_you_mean
from eventer.core.validation_text import validation_message

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("eventer.api")


class ProblemType(Enum):
    """The types of problems: the end of the URN, the status and the title."""

    MALFORMED_JSON = "malformed-json", 400, "The body is not valid JSON"
    MALFORMED_HTTP = "malformed-http", 400, "The request is not valid HTTP"
    UNAUTHORIZED = "unauthorized", 401, "A valid token is required"
    FORBIDDEN = "forbidden", 403, "Not allowed"
    NOT_FOUND = "not-found", 404, "Not found"
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "The path does not support this method"
    BODY_TOO_SLOW = "body-too-slow", 408, "The body did not arrive in time"
    REQUEST_TOO_SLOW = "request-too-slow", 408, "The request did not arrive in time"
    CONFLICT = "conflict", 409, "Not possible while other generators exist"
    POSITION_LOST = "position-lost", 409, "The destination has lost the position"
    BODY_TOO_LARGE = "body-too-large", 413, "The body is too large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", 415, "The body must be JSON"
    INVALID_REQUEST = "invalid-request", 422, "The request is not valid"
    INVALID_TEMPLATE = "invalid-template", 422, "The template is not valid"
    DESTINATION_REJECTED = "destination-rejected", 422, "The destination rejects these events"
    TOO_MANY_REQUESTS = "too-many-requests", 429, "Too many requests"
    INTERNAL_ERROR = "internal", 500, "Internal error"
    SERVICE_UNAVAILABLE = "unavailable", 503, "Temporarily unavailable"

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title

    @property
    def urn(self) -> str:
        """The problem's `type`."""
        return f"urn:eventer:problem:{self.slug}"


# The first matching class determines the type.
_BY_ERROR: tuple[tuple[type[EventerError], ProblemType], ...] = (
    (MalformedJsonError, ProblemType.MALFORMED_JSON),
    (RequestError, ProblemType.INVALID_REQUEST),
    (TemplateError, ProblemType.INVALID_TEMPLATE),
    (NotFoundError, ProblemType.NOT_FOUND),
    (ConflictError, ProblemType.CONFLICT),
    (DestinationRejectedError, ProblemType.DESTINATION_REJECTED),
    (PositionLostError, ProblemType.POSITION_LOST),
    (DestinationError, ProblemType.SERVICE_UNAVAILABLE),
    (RegistryError, ProblemType.SERVICE_UNAVAILABLE),
    (BusyError, ProblemType.TOO_MANY_REQUESTS),
    (WorkerLostError, ProblemType.SERVICE_UNAVAILABLE),
)
BY_STATUS: Mapping[int, tuple[ProblemType, ...]] = {
    status: tuple(kind for kind in ProblemType if kind.status == status)
    for status in {kind.status for kind in ProblemType}
}


class Problem(BaseModel):
    """The shape of every error answer."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(
        examples=[ProblemType.INVALID_REQUEST.urn], description="The type of the problem."
    )
    title: str = Field(
        examples=[ProblemType.INVALID_REQUEST.title],
        description="The same for all problems of a type.",
    )
    status: int = Field(examples=[422])
    detail: str = Field(description="What is wrong in this case.")
    hint: str | None = Field(default=None, description="What to do.")
    errors: list[FaultOut] = Field(default_factory=list, description="All mistakes.")


class JsonBodyError(HTTPException):
    """Carries a decoding error through the framework, which only passes its own errors on."""

    def __init__(self, error: RequestError) -> None:
        super().__init__(400, error.message)
        self.error = error


def problem_type_of(error: EventerError) -> ProblemType:
    """The problem type of an error."""
    return next(
        (kind for cls, kind in _BY_ERROR if isinstance(error, cls)), ProblemType.INTERNAL_ERROR
    )


def problem_json(
    kind: ProblemType,
    detail: str,
    hint: str | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A problem as a JSON value."""
    problem = {"type": kind.urn, "title": kind.title, "status": kind.status, "detail": detail}
    if hint:
        problem["hint"] = hint
    if errors:
        problem["errors"] = list(errors)
    return problem


def problem_response(
    problem: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as a response; unpaired surrogates are escaped."""
    body = json.dumps(problem).encode() + b"\n"
    return Response(body, problem["status"], dict(headers or {}), MEDIA_TYPE)


def problem_message(kind: ProblemType, detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """A problem as headers and body, for connections without a request."""
    answer = problem_response(problem_json(kind, detail))
    return answer.raw_headers, bytes(answer.body)


def error_response(error: EventerError, pointer: str | None = None) -> Response:
    """An error as a response; `pointer` says where the request has the template."""
    headers = {"Retry-After": "1"} if error.transient else None
    return problem_response(problem_of(error, pointer), headers)


def problem_of(error: EventerError, pointer: str | None = None) -> dict[str, Any]:
    """An error as a JSON value. Logs errors without a problem type."""
    kind = problem_type_of(error)
    if kind is ProblemType.INTERNAL_ERROR:
        _LOG.error("unexpected error", exc_info=error, extra=event("unexpected_error"))
    return problem_json(kind, error.message, error.hint, faults_json(error, pointer))


def install_error_handlers(app: FastAPI) -> None:
    """Answers all errors of the app with problems, also those of the framework."""
    app.add_exception_handler(EventerError, _on_eventer_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_eventer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EventerError)
    return error_response(error, getattr(request.state, "template_pointer", None))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    route = request.scope["route"]
    faults = tuple(_fault(detail, route) for detail in error.errors())
    return error_response(RequestError.of(faults))


def _fault(detail: Mapping[str, Any], route: APIRoute) -> Fault:
    source, *path = detail["loc"]
    pointer = f"?{path[0]}" if source == "query" and path else format_pointer(path)
    return _fault_at(detail, path, pointer, _models_of(route, source))


def validation_error(error: ValidationError, model: type[BaseModel]) -> RequestError:
    """The faults of a value that is not a valid `model`."""
    details = error.errors()
    return RequestError.of(
        tuple(
            _fault_at(each, each["loc"], format_pointer(each["loc"]), [model]) for each in details
        )
    )


def _fault_at(
    detail: Mapping[str, Any], path: Sequence[str | int], pointer: str, models: Sequence[Any]
) -> Fault:
    kind, context = detail["type"], detail.get("ctx") or {}
    if kind == "refused":
        if (field := context["field"]) is not None:
            pointer += format_pointer([field] if isinstance(field, str) else field)
        return Fault(pointer, context["text"], context["hint"])
    if kind == "extra_forbidden":
        hint = did_you_mean(str(path[-1]), _known_names(models, path[:-1]))
        what = "parameter" if pointer.startswith("?") else "field"
        return Fault(pointer, f"unknown {what} {path[-1]!r}", hint)
    if kind == "missing" and not path:
        return Fault(pointer, "a JSON body is required")
    return Fault(pointer, validation_message(detail))


def _models_of(route: APIRoute, source: str) -> list[Any]:
    """The models of a route's query or body."""
    params = route.dependant.query_params if source == "query" else route.dependant.body_params
    return [param.field_info.annotation for param in params]


def _known_names(models: Sequence[Any], path: Sequence[str | int]) -> list[str]:
    """The names that models allow at a place, for suggestions."""
    for token in path:
        models = [inner for model in models for inner in _models_below(model, token)]
    return [name for model in models for name in _names(model)]


def _models_below(annotation: Any, token: str | int) -> Iterable[Any]:
    """The types of a field or of a list's elements, for all members of a union."""
    for member in (annotation, *get_args(annotation)):
        if isinstance(token, int):
            yield from get_args(member)
        elif _is_model(member):
            yield from (
                field.annotation
                for name, field in member.model_fields.items()
                if token == (field.alias or name)
            )


def _names(annotation: Any) -> Iterable[str]:
    for member in (annotation, *get_args(annotation)):
        if _is_model(member):
            yield from (field.alias or name for name, field in member.model_fields.items())


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, JsonBodyError):
        return error_response(error.error)
    paths: Mapping[str, Mapping[str, Any]] = request.app.openapi()["paths"]
    path, status = request.url.path, error.status_code
    if status == ProblemType.NOT_FOUND.status:
        problem = problem_json(
            ProblemType.NOT_FOUND, f"unknown path {path}", did_you_mean(path, paths)
        )
        return problem_response(problem)
    if status == ProblemType.METHOD_NOT_ALLOWED.status:
        allowed = ", ".join(method.upper() for method in paths.get(path, ())) or "GET"
        problem = problem_json(
            ProblemType.METHOD_NOT_ALLOWED, f"{path} supports {allowed}, not {request.method}"
        )
        return problem_response(problem, {"Allow": allowed})
    kind = BY_STATUS.get(status, (ProblemType.INTERNAL_ERROR,))[0]
    problem = problem_json(kind, str(error.detail)) | {"status": status}
    return problem_response(problem, error.headers)


async def _on_unexpected_error(_: Request, error: Exception) -> Response:
    """The server logs the error; the answer does not reveal it."""
    del error
    return problem_response(
        problem_json(ProblemType.INTERNAL_ERROR, "the service failed to answer; see its log")
    )
