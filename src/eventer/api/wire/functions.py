"""The functions that templates may call, as they travel."""

from __future__ import annotations

from typing import Any

from eventer.api.wire.responses import ResponseModel


class ParameterOut(ResponseModel):
    """A parameter; `default` is there where it may be left out."""

    name: str
    type: str
    description: str
    optional: bool
    default: Any = None


class FieldOut(ResponseModel):
    """A field of the object that a function gives."""

    name: str
    type: str
    description: str


class FunctionOut(ResponseModel):
    """A function. One that is not `random` gives the same value to all events."""

    name: str
    signature: str
    description: str
    parameters: list[ParameterOut]
    returns: str
    random: bool
    examples: list[str]
    fields: list[FieldOut] | None = None


class FunctionsOut(ResponseModel):
    """All functions, in the order of the documentation."""

    functions: list[FunctionOut]
