"""Faults as JSON: with JSON pointers and places in templates."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


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
