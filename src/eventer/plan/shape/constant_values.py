"""Known JSON values as abstract ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eventer.core.model import JsonValue
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    BIGINT_LIMIT,
    NEVER,
    NULL,
    AbstractArray,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    Boolean,
    Number,
    ObjectLayers,
    evaluated,
    join,
    text_of,
)


def constant(value: JsonValue) -> AbstractValue:
    """The abstract value of a known JSON value."""
    match value:
        case None:
            return NULL
        case bool():
            return AbstractValue(Boolean(value))
        case str():
            return text_of(value)
        case int() | float():
            return AbstractValue(Number(_is_whole(float(value))))
        case Mapping():
            fields = {
                name: AbstractField(evaluated(constant(v)), None, Visibility.INHERIT)
                for name, v in value.items()
            }
            return AbstractValue(AbstractObject((ObjectLayers((AbstractLayer(fields),)),)))
        case _:
            return AbstractValue(AbstractArray(evaluated(join_all(constant(v) for v in value))))


def join_all(values: Iterable[AbstractValue]) -> AbstractValue:
    """Everything that any of the values may be."""
    total = NEVER
    for value in values:
        total = join(total, value)
    return total


def _is_whole(value: float) -> bool:
    return value.is_integer() and -BIGINT_LIMIT <= value < BIGINT_LIMIT
