"""Abstract values of JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eventer.core.model import JsonValue
from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    BIGINT_LIMIT,
    NEVER,
    NULL,
    AbstractArray,
    AbstractField,
    AbstractLayer,
    AbstractValue,
    Boolean,
    LazyValue,
    Number,
    ObjectLayers,
    evaluated,
    join,
    object_of,
    text_of,
)


def constant(value: JsonValue) -> AbstractValue:
    """The abstract value of a JSON value."""
    match value:
        case None:
            return NULL
        case bool():
            return AbstractValue(Boolean(value))
        case str():
            return text_of(value)
        case int() | float():
            return AbstractValue(Number(_is_bigint(float(value))))
        case Mapping():
            fields = {
                name: AbstractField(evaluated(constant(v)), None, Visibility.INHERIT)
                for name, v in value.items()
            }
            return object_of(ObjectLayers((AbstractLayer(fields),)))
        case _:
            return tuple_of([evaluated(constant(item)) for item in value])


def tuple_of(items: Sequence[LazyValue]) -> AbstractValue:
    """An array of known length."""
    element = LazyValue(lambda: join_all(item.get() for item in items))
    return AbstractValue(AbstractArray(element, tuple(items)))


def join_all(values: Iterable[AbstractValue]) -> AbstractValue:
    """The union of all the values."""
    total = NEVER
    for value in values:
        total = join(total, value)
    return total


def _is_bigint(value: float) -> bool:
    return value.is_integer() and -BIGINT_LIMIT <= value < BIGINT_LIMIT
