"""Known JSON values as abstract ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eventer.core.model import JsonValue
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    BIGINT_LIMIT,
    NEVER,
    NULL,
    Arr,
    Boolean,
    KnownField,
    Layer,
    Layers,
    Number,
    Obj,
    Value,
    join,
    known,
    text_of,
)


def constant(value: JsonValue) -> Value:
    """The abstract value of a known JSON value."""
    match value:
        case None:
            return NULL
        case bool():
            return Value(Boolean(value))
        case str():
            return text_of(value)
        case int() | float():
            return Value(Number(_is_whole(float(value))))
        case Mapping():
            fields = {
                name: KnownField(known(constant(v)), None, Visibility.INHERIT)
                for name, v in value.items()
            }
            return Value(Obj((Layers((Layer(fields),)),)))
        case _:
            return Value(Arr(known(join_all(constant(v) for v in value))))


def join_all(values: Iterable[Value]) -> Value:
    """Everything that any of the values may be."""
    total = NEVER
    for value in values:
        total = join(total, value)
    return total


def _is_whole(value: float) -> bool:
    return value.is_integer() and -BIGINT_LIMIT <= value < BIGINT_LIMIT
