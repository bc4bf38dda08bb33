"""What is wrong, as it travels: faults with JSON pointers, places in templates."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FrameOut(BaseModel):
    """One step of the way to a template error, innermost first."""

    what: str
    template: str
    line: int
    column: int


class FaultOut(BaseModel):
    """One thing wrong. Which fields are there depends on what it is and where."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(description="What is wrong.", examples=["unknown variable: usr"])
    hint: str | None = Field(
        default=None, description="What to do.", examples=["did you mean 'user'?"]
    )
    pointer: str | None = Field(
        default=None, description="Where in the body (RFC 6901).", examples=["/events/0/schema"]
    )
    parameter: str | None = Field(default=None, description="Which query parameter.")
    template: str | None = Field(default=None, description="Which text `line` counts in.")
    line: int | None = Field(default=None, description="From 1.", examples=[2])
    column: int | None = Field(default=None, description="In characters, from 1.", examples=[5])
    end_line: int | None = Field(default=None, description="Where it ends.")
    end_column: int | None = Field(default=None, description="Exclusive.")
    source_line: str | None = Field(default=None, examples=["{a: usr.name}"])
    index: int | None = Field(default=None, description="The event's index, where one is at fault.")
    trace: list[FrameOut] | None = Field(default=None, description="How evaluation came there.")
