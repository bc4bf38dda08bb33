"""The routes of the API as calls: the request, and the type of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from eventer.api.wire.connection_responses import ConnectionReportOut
from eventer.api.wire.fault_rules import FaultsOut
from eventer.api.wire.pace_responses import PacePreviewOut
from eventer.api.wire.responses import (
    AddOut,
    CompleteOut,
    EventsOut,
    FormatOut,
    FunctionsOut,
    GeneratorOut,
    GeneratorsOut,
    HealthOut,
    PreviewOut,
    ProfileOut,
    ReadyOut,
    RemoveOut,
    StepEventsOut,
    ValidateOut,
    VerifyOut,
)
from eventer.core.errors import ServiceProblemError
from eventer.core.pointer import format_pointer
from eventer.core.validation_text import validation_message

_T = TypeVar("_T")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call(Generic[_T]):
    """A request: method, path, query, JSON body; `read` reads the answer: its bytes, or a line."""

    method: Literal["GET", "POST"]
    path: str
    read: Callable[[Any], _T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class CommittedEvent:
    """An event of `tail`, and its index."""

    index: int
    event: Any = field(hash=False)


def _reader(model: type[_Model]) -> Callable[[bytes], _Model]:
    return lambda text: _answer(model, json.loads(text))


def _answer(model: type[_Model], value: Any) -> _Model:
    """The answer with this JSON value. Fields that a newer service adds are left out.

    Raises:
        ServiceProblemError: it lacks a field, or one has another form: the service is older.
    """
    try:
        return model.model_validate(value, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ServiceProblemError(
            f"the answer has another form: {format_pointer(first['loc'])}: "
            f"{validation_message(dict(first))}",
            hint="the service has another version: install that version here",
        ) from error


def _get(path: str, model: type[_Model], **query: object) -> Call[_Model]:
    return Call("GET", path, _reader(model), _query(query))


def _post(path: str, model: type[_Model], **query: object) -> Call[_Model]:
    return Call("POST", path, _reader(model), _query(query))


def _send(path: str, model: type[_Model], body: Mapping[str, Any]) -> Call[_Model]:
    given = {name: value for name, value in body.items() if value is not None}
    text = json.dumps(given, ensure_ascii=False, allow_nan=False).encode()
    return Call("POST", path, _reader(model), (), text)


def _query(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The parameters that are not None; flags as 1 and 0."""
    given = {name: value for name, value in values.items() if value is not None}
    return tuple(
        (name, str(int(value) if isinstance(value, bool) else value))
        for name, value in given.items()
    )


def add(request: Mapping[str, Any]) -> Call[AddOut]:
    """Adds generators."""
    return _send("/generator/add", AddOut, request)


def generators() -> Call[GeneratorsOut]:
    """All generators."""
    return _get("/generator/status", GeneratorsOut)


def status(id_: str | int) -> Call[GeneratorOut]:
    """One generator."""
    return _get("/generator/status", GeneratorOut, id=id_)


def pause(id_: str | int) -> Call[GeneratorOut]:
    """Pauses a generator."""
    return _post("/generator/pause", GeneratorOut, id=id_)


def resume(id_: str | int, *, skip: bool, position: str | None) -> Call[GeneratorOut]:
    """Resumes a generator."""
    return _post("/generator/resume", GeneratorOut, id=id_, skip=skip, position=position)


def remove(ids: Iterable[str | int]) -> Call[RemoveOut]:
    """Removes generators."""
    query = tuple(("id", str(id_)) for id_ in ids)
    return Call("POST", "/generator/remove", _reader(RemoveOut), query)


def pace(pace: Mapping[str, Any], length: str | None, buckets: int | None) -> Call[PacePreviewOut]:
    """The events of a pace by time."""
    body = {"pace": pace, "for": length, "buckets": buckets}
    return _send("/generator/pace", PacePreviewOut, body)


def events(id_: str | int, first: int, count: int) -> Call[EventsOut]:
    """Recomputed events."""
    query = _query({"id": id_, "first": first, "count": count})
    return Call("GET", "/generator/events", _read_events, query)


def _read_events(text: bytes) -> EventsOut:
    value = json.loads(text)
    return _answer(StepEventsOut if "steps" in value else EventsOut, value)


def faults(id_: str | int, first: int, count: int) -> Call[FaultsOut]:
    """The events with faults."""
    return _get("/generator/faults", FaultsOut, id=id_, first=first, count=count)


def tail(id_: str | int, last: int) -> Call[CommittedEvent]:
    """Committed events, one in each line of the answer."""
    query = _query({"id": id_, "last": last})
    return Call(
        "GET", "/generator/tail", lambda line: CommittedEvent(line["index"], line["event"]), query
    )


def verify(id_: str | int, *, allow_foreign: bool) -> Call[VerifyOut]:
    """Compares delivered events with recomputed ones; the last line of the answer is the result."""
    query = _query({"id": id_, "allow_foreign": allow_foreign})
    return Call("POST", "/generator/verify", lambda line: _answer(VerifyOut, line), query)


def preview(template: str, fields: Mapping[str, Any]) -> Call[PreviewOut]:
    """Events of a template."""
    return _send("/generator/preview", PreviewOut, template_body(template, fields))


def validate(template: str, fields: Mapping[str, Any]) -> Call[ValidateOut]:
    """Checks a template."""
    return _send("/generator/validate", ValidateOut, template_body(template, fields))


def profile(template: str, fields: Mapping[str, Any]) -> Call[ProfileOut]:
    """The profile of a template's events."""
    return _send("/template/profile", ProfileOut, template_body(template, fields))


def template_body(template: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request about a template; the field `with` is written `with_` in Python."""
    return {"template": template} | {name.rstrip("_"): each for name, each in fields.items()}


def complete(template: str, offset: int) -> Call[CompleteOut]:
    """How to continue a template."""
    return _send("/template/complete", CompleteOut, {"template": template, "offset": offset})


def format_(template: str) -> Call[FormatOut]:
    """A formatted template."""
    return _send("/template/format", FormatOut, {"template": template})


def test_connection(name: str, targets: Iterable[str]) -> Call[ConnectionReportOut]:
    """Tests a connection."""
    query = (("name", name), *(("target", each) for each in targets))
    return Call("POST", "/connection/test", _reader(ConnectionReportOut), query)


def functions() -> Call[FunctionsOut]:
    """The functions of templates."""
    return _get("/functions", FunctionsOut)


def healthz() -> Call[HealthOut]:
    """Whether the process responds."""
    return _get("/healthz", HealthOut)


def readyz() -> Call[ReadyOut]:
    """Whether the service can work."""
    return _get("/readyz", ReadyOut)


def metrics() -> Call[str]:
    """The metrics as text."""
    return Call("GET", "/metrics", bytes.decode)
