"""Abstract values of JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

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
    LazyValue,
    Number,
    ObjectLayers,
    Text,
    evaluated,
    join,
    object_of,
    text_of,
)
from eventer.plan.shape.object_layers import find_field, visible_names

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference


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


def constant_of(inference: Inference, value: AbstractValue) -> JsonValue:
    """The JSON value of a text, or of an object of texts, if it is known; else None."""
    match value.core:
        case Text(values=values) if values is not None and len(values) == 1:
            return next(iter(values))
        case AbstractObject(alternatives=(layers,)):
            return {
                name: constant_of(inference, find_field(inference, layers, name))
                for name in visible_names(layers)
            }
        case _:
            return None


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
