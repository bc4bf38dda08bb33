"""Objects in inference: layers, inherited fields, visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from eventer.jsonnet.nodes import Bind, Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    MAX_ALTERNATIVES,
    NEVER,
    AbstractArray,
    AbstractEnvironment,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    Boolean,
    LazyValue,
    Number,
    ObjectLayers,
    Text,
    join,
)

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference


OTHER_NAME: Final = "\0"
"""Stands for any field that is not known."""


class FieldEnv(AbstractEnvironment):
    """The environment of a layer's fields, with the object's locals, before `self` is bound."""

    __slots__ = ("locals",)

    def __init__(self, env: AbstractEnvironment, binds: tuple[Bind, ...]) -> None:
        super().__init__(env.variables, env.self_object, env.level)
        object.__setattr__(self, "locals", binds)


def bind_self(
    inference: Inference, env: AbstractEnvironment, layers: ObjectLayers, level: int
) -> AbstractEnvironment:
    """The environment of a field's body, with `self` and the object's locals."""
    binds: tuple[Bind, ...] = getattr(env, "locals", ())
    variables = dict(env.variables)
    inner = AbstractEnvironment(variables, layers, level)
    for bind in binds:
        variables[bind.name] = inference.later(bind.body, inner)
    return inner


def merge_objects(left: AbstractObject, right: AbstractObject) -> AbstractValue:
    """`left + right`, for every pair of alternatives."""
    if len(left.alternatives) * len(right.alternatives) > MAX_ALTERNATIVES:
        return ANYTHING
    return AbstractValue(
        AbstractObject(
            tuple(
                ObjectLayers(below.layers + above.layers)
                for below in left.alternatives
                for above in right.alternatives
            )
        )
    )


def visible_names(layers: ObjectLayers) -> list[str]:
    """The known visible fields."""
    shown: dict[str, bool] = {}
    for layer in layers.layers:
        for name, field in layer.fields.items():
            if field.visibility is not Visibility.INHERIT:
                shown[name] = field.visibility is Visibility.VISIBLE
            else:
                shown.setdefault(name, True)
    return [name for name, visible in shown.items() if visible]


def may_lack(layers: ObjectLayers, name: str) -> bool:
    """Whether an object may have no field of a known name."""
    fields = [layer.fields[name] for layer in layers.layers if name in layer.fields]
    return all(field.conditional for field in fields)


def independent(inference: Inference, value: AbstractValue) -> AbstractValue:
    """The value as JSON data: another inference can use it, in which names mean other things."""
    match value.core:
        case AbstractObject(alternatives=alternatives):
            objects = tuple(_independent_object(inference, layers) for layers in alternatives)
            return AbstractValue(AbstractObject(objects), value.nullable)
        case AbstractArray(element=element, items=items):
            core = AbstractArray(
                _later(inference, element),
                None if items is None else tuple(_later(inference, item) for item in items),
            )
            return AbstractValue(core, value.nullable)
        case Number() | Text() | Boolean() | None:
            return value
        case _:
            return ANYTHING


def _later(inference: Inference, value: LazyValue) -> LazyValue:
    return LazyValue(lambda: independent(inference, value.get()))


def _independent_object(inference: Inference, layers: ObjectLayers) -> ObjectLayers:
    def field(name: str) -> AbstractField:
        value = LazyValue(lambda: independent(inference, find_field(inference, layers, name)))
        missing = may_lack(layers, name)
        return AbstractField(value, None, Visibility.INHERIT, conditional=missing)

    known = {name: field(name) for name in visible_names(layers)}
    is_open = any(layer.open for layer in layers.layers)
    return ObjectLayers((AbstractLayer(known, open=is_open),))


def find_field(
    inference: Inference, layers: ObjectLayers, name: str, below: int | None = None
) -> AbstractValue:
    """The value of a field, in all layers or in those below one (`super`)."""
    top = len(layers.layers) if below is None else below
    value = layers.inferred.get((name, top))
    if value is None:
        value = LazyValue(lambda: _find(inference, layers, name, top))
        layers.inferred[name, top] = value
    return value.get()


def _find(inference: Inference, layers: ObjectLayers, name: str, top: int) -> AbstractValue:
    total, missing = NEVER, True
    for level in range(top - 1, -1, -1):
        layer = layers.layers[level]
        field = layer.fields.get(name) or layer.rest
        if field is None and not layer.open:
            continue
        if field is None:
            return ANYTHING
        value = _field_value(inference, layers, field, name, level)
        for other in field.others:
            value = join(value, _field_value(inference, layers, other, name, level))
        total = value if missing else join(total, value)
        missing = False
        if not field.conditional:
            break
    return total


def _field_value(
    inference: Inference, layers: ObjectLayers, field: AbstractField, name: str, level: int
) -> AbstractValue:
    if isinstance(field.body, LazyValue):
        return field.body.get()
    assert field.env is not None
    value = inference.infer(field.body, bind_self(inference, field.env, layers, level))
    if not field.plus:
        return value
    return _added(find_field(inference, layers, name, level), value)


def _added(below: AbstractValue, value: AbstractValue) -> AbstractValue:
    """`+:`, the value of the layers below, if any, plus the value."""
    match below.core, value.core:
        case None, _:
            return value
        case AbstractObject(), AbstractObject():
            return merge_objects(below.core, value.core)
        case Number(), Number():
            return join(AbstractValue(below.core), AbstractValue(value.core))
        case (Text(), _) | (_, Text()):
            return AbstractValue(Text())
        case _:
            return ANYTHING
