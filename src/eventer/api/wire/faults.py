"""Faults and warnings as JSON: with JSON pointers and places in templates."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from eventer.api.wire.response_model import Json, ResponseModel, attribute, within
from eventer.core.errors import EventerError, Fault, RequestError, TemplateError


class MessageOut(ResponseModel):
    """A message about a template or a request. Fields that do not apply are omitted."""

    model_config = ConfigDict(alias_generator=within("place"))

    message: str = Field(description="What is wrong.", examples=["unknown variable: usr"])
    template: str | None = Field(
        default=None,
        description="The text that `line` refers to.",
        validation_alias=attribute("place", "name"),
    )
    line: int | None = Field(default=None, description="Counts from 1.", examples=[2])
    column: int | None = Field(
        default=None, description="In characters, counts from 1.", examples=[5]
    )
    end_line: int | None = Field(default=None, description="The line where the mistake ends.")
    end_column: int | None = Field(default=None, description="The column after its last character.")
    source_line: str | None = Field(default=None, examples=["{a: usr.name}"])


class WarningOut(MessageOut):
    """A warning about a template."""

    message: str = Field(
        description="What is surprising, and a hint in parentheses.", validation_alias="text"
    )


class FrameOut(ResponseModel):
    """One step of the trace of a template error, innermost first."""

    model_config = ConfigDict(alias_generator=within("place"))

    what: str
    template: str = Field(validation_alias=attribute("place", "name"))
    line: int
    column: int


def _none_if_empty(value: object) -> object:
    return value or None


class FaultOut(MessageOut):
    """One mistake. Fields that do not apply are omitted."""

    hint: str | None = Field(
        default=None, description="What to do.", examples=["did you mean 'user'?"]
    )
    pointer: str | None = Field(
        default=None, description="The place in the body (RFC 6901).", examples=["/events/0/schema"]
    )
    parameter: str | None = Field(default=None, description="The query parameter.")
    index: int | None = Field(default=None, description="The index of the failed event.")
    trace: Annotated[list[FrameOut] | None, BeforeValidator(_none_if_empty)] = Field(
        default=None, description="The calls that led there."
    )

    @classmethod
    def json_of(cls, value: object) -> Json:
        """A fault or an error as JSON. A pointer `?name` is a query parameter."""
        fault = cls.model_validate(value).model_dump(mode="json", exclude_none=True)
        if fault.get("pointer", "").startswith("?"):
            fault["parameter"] = fault.pop("pointer")[1:]
        return fault


def faults_json(error: EventerError, pointer: str | None = None) -> list[Json]:
    """The faults of an error; `pointer` is where the request has the template."""
    faults: tuple[Fault | EventerError, ...] = ()
    if isinstance(error, RequestError):
        faults = error.faults
    elif isinstance(error, TemplateError):
        faults = (error,)
    where = {} if pointer is None else {"pointer": pointer}
    return [where | FaultOut.json_of(fault) for fault in faults]
