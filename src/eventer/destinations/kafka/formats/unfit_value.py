"""A value that does not fit its schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.core.pointer import format_pointer
from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    Scalar,
    ScalarKind,
    Union,
    ValueSchema,
)

_MAX_SHOWN: Final = 80
_SCALARS: Final = {
    ScalarKind.BOOLEAN: "a boolean",
    ScalarKind.INTEGER: "a whole number of 64 bits",
    ScalarKind.NUMBER: "a number",
    ScalarKind.TEXT: "a text",
    ScalarKind.UUID: "a UUID",
    ScalarKind.TIMESTAMP: "an RFC 3339 timestamp",
    ScalarKind.JSON: "a value",
}


class UnfitValueError(ValueError):
    """A value that does not fit its schema; `tokens` lead to it in what is written.

    The schema may be given in words.
    """

    def __init__(
        self, tokens: Sequence[str | int], schema: ValueSchema | str, value: JsonValue
    ) -> None:
        where = f"the value at {format_pointer(tokens)}" if tokens else "the value"
        expected = schema if isinstance(schema, str) else type_name(schema)
        super().__init__(f"{where} is not {expected}: {shown_value(value)}")


class UnknownFieldError(ValueError):
    """An object has a field that its schema does not have."""

    def __init__(self, tokens: Sequence[str | int]) -> None:
        super().__init__(f"the schema has no field {format_pointer(tokens)}")


class MissingFieldError(ValueError):
    """An object lacks a field that its schema has at `pointer`, without a default."""

    def __init__(self, tokens: Sequence[str | int], pointer: str) -> None:
        super().__init__(
            f"the field {format_pointer(tokens)} is absent, and the schema has no default for it "
            f"({pointer}/default)"
        )


def shown_value(value: JsonValue) -> str:
    """The JSON text of a value in an error message, cut if it is long."""
    text = json_text(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def type_name(schema: ValueSchema) -> str:
    """A schema in the words of an error message."""
    match schema:
        case Scalar(kind=kind):
            return _SCALARS[kind]
        case Choice(texts=texts):
            return f"one of {', '.join(texts[:5])}{', …' if len(texts) > 5 else ''}"
        case Optional(value=value):
            return f"{type_name(value)} or null"
        case ListOf():
            return "an array"
        case MapOf() | Record():
            return "an object"
        case Union(alternatives=alternatives):
            return " or ".join(map(type_name, alternatives))
