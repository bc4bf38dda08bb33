"""Faults as JSON: with JSON pointers and places in templates."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from eventer.core.errors import EventerError, Fault, RequestError, TemplateError
from eventer.core.source import Place

Json = dict[str, Any]


class FrameOut(BaseModel):
    """One step of the trace of a template error, innermost first."""

    what: str
    template: str
    line: int
    column: int


class FaultOut(BaseModel):
    """One mistake. Fields that do not apply are omitted."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(description="What is wrong.", examples=["unknown variable: usr"])
    hint: str | None = Field(
        default=None, description="What to do.", examples=["did you mean 'user'?"]
    )
    pointer: str | None = Field(
        default=None, description="The place in the body (RFC 6901).", examples=["/events/0/schema"]
    )
    parameter: str | None = Field(default=None, description="The query parameter.")
    template: str | None = Field(default=None, description="The text that `line` refers to.")
    line: int | None = Field(default=None, description="Counts from 1.", examples=[2])
    column: int | None = Field(
        default=None, description="In characters, counts from 1.", examples=[5]
    )
    end_line: int | None = Field(default=None, description="The line where the mistake ends.")
    end_column: int | None = Field(default=None, description="The column after its last character.")
    source_line: str | None = Field(default=None, examples=["{a: usr.name}"])
    index: int | None = Field(default=None, description="The index of the failed event.")
    trace: list[FrameOut] | None = Field(default=None, description="The calls that led there.")


def faults_json(error: EventerError, pointer: str | None = None) -> list[Json]:
    """The faults of an error; `pointer` says where its template was, if it has one."""
    if isinstance(error, RequestError):
        return [_fault(fault) for fault in error.faults]
    if isinstance(error, TemplateError):
        return [error_fields(error, pointer)]
    return []


def error_fields(error: EventerError, pointer: str | None = None) -> Json:
    """An error as one fault: its message, and all that it knows of place and remedy."""
    fields: Json = {
        "message": error.message,
        "hint": error.hint,
        "pointer": pointer,
        "index": getattr(error, "index", None),
    }
    if isinstance(error, TemplateError):
        fields |= place_fields(error.place)
        fields["trace"] = _trace(error) or None
    return {name: value for name, value in fields.items() if value is not None}


def _trace(error: TemplateError) -> list[Json]:
    return [
        {
            "what": frame.what,
            "template": frame.place.name,
            "line": frame.place.line,
            "column": frame.place.column,
        }
        for frame in error.trace
    ]


def _fault(fault: Fault) -> Json:
    """Faults of the query have `?name` in the pointer's stead."""
    is_query = fault.pointer.startswith("?")
    where = {"parameter": fault.pointer[1:]} if is_query else {"pointer": fault.pointer}
    hint = {} if fault.hint is None else {"hint": fault.hint}
    return {"message": fault.message, **hint, **where, **place_fields(fault.place)}


def place_fields(place: Place | None) -> Json:
    """A place as fields, none where there is none."""
    if place is None:
        return {}
    return {
        "template": place.name,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "source_line": place.source_line,
    }
