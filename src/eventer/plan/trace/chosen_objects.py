"""Choices of objects as one object, whose fields are choices."""

from __future__ import annotations

from typing import Any

from eventer.jsonnet.object_layers import PLAIN_OBJECT_CODE, Layer, LayerField
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.values import Code
from eventer.plan.symbols import Choice
from eventer.plan.trace.traced_objects import TracedObject
from eventer.plan.trace.tracer import Tracer
from eventer.plan.trace.viewed_objects import listed_fields


def object_of_choice(tracer: Tracer, value: Any) -> Any:
    """The value; as one object if it is a choice of objects that have the same fields.

    Choices within choices, as a fold makes them, would be searched at each read of a field.
    """
    if not isinstance(value, Choice) or value.domain is not tracer.domain:
        return value
    then, otherwise = value.then, value.otherwise
    if not isinstance(then, Object) or not isinstance(otherwise, Object):
        return value
    fields = listed_fields(then)
    optional = any(condition is not None for _, _, condition in fields)
    if optional or then.has_asserts or otherwise.has_asserts:
        return value
    if sorted(fields, key=_name) != sorted(listed_fields(otherwise), key=_name):
        return value
    members = {
        name: LayerField(_chosen_field(tracer, value, name), visibility, None)
        for name, visibility, _ in fields
    }
    layers = (Layer(PLAIN_OBJECT_CODE, members, None, None),)
    return TracedObject(tracer, layers, has_asserts=False, uses_draw_key=False, sealed=True)


def _name(field: tuple[str, Any, Any]) -> str:
    return field[0]


def _chosen_field(tracer: Tracer, choice: Choice, name: str) -> Code:
    return lambda _frame: tracer.distribute(choice, lambda side: side.get(name))
