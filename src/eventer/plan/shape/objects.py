"""Objects in inference: layers, inherited fields, visibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventer.jsonnet.nodes import Bind, Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    MAX_ALTERNATIVES,
    NEVER,
    Env,
    Layers,
    Number,
    Obj,
    Text,
    Thunk,
    Value,
    join,
)

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference


class FieldEnv(Env):
    """The environment of a layer's fields before `self` is known, with the object's locals."""

    __slots__ = ("locals",)

    def __init__(self, env: Env, binds: tuple[Bind, ...]) -> None:
        super().__init__(env.variables, env.self_object, env.level)
        object.__setattr__(self, "locals", binds)


def bind_self(inference: Inference, env: Env, layers: Layers, level: int) -> Env:
    """The environment of a field's body: its object's locals, and which object `self` is."""
    binds: tuple[Bind, ...] = getattr(env, "locals", ())
    variables = dict(env.variables)
    inner = Env(variables, layers, level)
    for bind in binds:
        variables[bind.name] = inference.later(bind.body, inner)
    return inner


def merge_objects(left: Obj, right: Obj) -> Value:
    """`left + right`: every pair of alternatives, the right one's layers on top."""
    if len(left.alternatives) * len(right.alternatives) > MAX_ALTERNATIVES:
        return ANYTHING
    return Value(
        Obj(
            tuple(
                Layers(below.layers + above.layers)
                for below in left.alternatives
                for above in right.alternatives
            )
        )
    )


def visible_names(layers: Layers) -> list[str]:
    """The fields that are manifested, as far as they are known."""
    shown: dict[str, bool] = {}
    for layer in layers.layers:
        for name, field in layer.fields.items():
            if field.visibility is not Visibility.INHERIT:
                shown[name] = field.visibility is Visibility.VISIBLE
            else:
                shown.setdefault(name, True)
    return [name for name, visible in shown.items() if visible]


def find_field(inference: Inference, layers: Layers, name: str, below: int | None = None) -> Value:
    """What the field of that name may be, in all layers or in those below one (`super`)."""
    top = len(layers.layers) if below is None else below
    cached = layers.found.get((name, top))
    if cached is not None:
        return cached
    layers.found[name, top] = ANYTHING
    value = _find(inference, layers, name, top)
    layers.found[name, top] = value
    return value


def _find(inference: Inference, layers: Layers, name: str, top: int) -> Value:
    total, missing = NEVER, True
    for level in range(top - 1, -1, -1):
        layer = layers.layers[level]
        field = layer.fields.get(name)
        if field is None and not layer.open:
            continue
        if field is None:
            return ANYTHING
        value = _field_value(inference, layers, name, level)
        total = value if missing else join(total, value)
        missing = False
        if not field.conditional:
            break
    return total


def _field_value(inference: Inference, layers: Layers, name: str, level: int) -> Value:
    field = layers.layers[level].fields[name]
    if isinstance(field.body, Thunk):
        return field.body.get()
    assert field.env is not None
    value = inference.infer(field.body, bind_self(inference, field.env, layers, level))
    if not field.plus:
        return value
    return _added(find_field(inference, layers, name, level), value)


def _added(below: Value, value: Value) -> Value:
    """`+:` — what lies below, if anything does, plus the value."""
    match below.core, value.core:
        case None, _:
            return value
        case Obj(), Obj():
            return merge_objects(below.core, value.core)
        case Number(), Number():
            return Value(Number(below.core.whole and value.core.whole))
        case (Text(), _) | (_, Text()):
            return Value(Text())
        case _:
            return ANYTHING
