"""The template functions as JSON."""

from __future__ import annotations

from typing import Any

from eventer.api.wire.response_model import ResponseModel


class ParameterOut(ResponseModel):
    """A parameter; optional ones may have a `default`."""

    name: str
    type: str
    description: str
    optional: bool
    default: Any = None


class FieldOut(ResponseModel):
    """A field of the object that a function returns."""

    name: str
    type: str
    description: str


class FunctionOut(ResponseModel):
    """A function. Unless it is `random`, it returns the same value for all events."""

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
