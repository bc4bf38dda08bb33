"""The types of JSON values, as unions tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eventer.core.field_values import to_int64
from eventer.core.model import JsonValue
from eventer.core.value_schema import (
    Choice,
    ListOf,
    Scalar,
    ScalarKind,
    ValueSchema,
)
from eventer.kernels.binary.instructions import JsonType


def json_type(schema: ValueSchema) -> JsonType:
    """The type of the values of an alternative of a union."""
    match schema:
        case Scalar(kind=ScalarKind.BOOLEAN):
            return JsonType.BOOLEAN
        case Scalar(kind=ScalarKind.INTEGER | ScalarKind.NUMBER):
            return JsonType.NUMBER
        case Scalar() | Choice():
            return JsonType.TEXT
        case ListOf():
            return JsonType.ARRAY
        case _:
            return JsonType.OBJECT


def alternative_of(alternatives: Sequence[ValueSchema], value: JsonValue) -> int | None:
    """The number of the alternative that has the type of a value."""
    kind = _type_of(value)
    return next((n for n, each in enumerate(alternatives) if json_type(each) is kind), None)


def whole_number(value: JsonValue) -> int:
    """A whole number of 64 bits: the double that a number is.

    Raises:
        ColumnTypeError: it is not one.
    """
    exact = isinstance(value, bool) or (isinstance(value, int) and -(1 << 53) <= value <= 1 << 53)
    return to_int64(value if exact or not isinstance(value, int) else float(value))


def _type_of(value: JsonValue) -> JsonType | None:
    match value:
        case None:
            return None
        case bool():
            return JsonType.BOOLEAN
        case int() | float():
            return JsonType.NUMBER
        case str():
            return JsonType.TEXT
        case Mapping():
            return JsonType.OBJECT
        case _:
            return JsonType.ARRAY
