"""The types of results of functions of `std` that list or map the fields of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from eventer.jsonnet.nodes import Visibility
from eventer.plan.shape.abstract import (
    ANYTHING,
    TEXT,
    AbstractField,
    AbstractLayer,
    AbstractObject,
    AbstractValue,
    LazyValue,
    ObjectLayers,
    array_of,
    evaluated,
    object_of,
    text_of,
)
from eventer.plan.shape.constant_values import join_all
from eventer.plan.shape.object_layers import OTHER_NAME, find_field, may_lack, visible_names
from eventer.plan.shape.std_call import AbstractCall


def _names(layers: ObjectLayers, *, hidden: bool) -> Iterable[str]:
    """The known names, and the one that stands for all others."""
    shown = visible_names(layers)
    if hidden:
        shown = sorted({name for layer in layers.layers for name in layer.fields})
    return [*shown, OTHER_NAME] if any(layer.open for layer in layers.layers) else shown


def _field_values(call: AbstractCall, name: str, *, hidden: bool) -> AbstractValue:
    """The union of the fields of an argument."""
    core = call.value(name).core
    if not isinstance(core, AbstractObject):
        return ANYTHING
    return join_all(
        find_field(call.inference, layers, field)
        for layers in core.alternatives
        for field in _names(layers, hidden=hidden)
    )


def _values(*, hidden: bool) -> Callable[[AbstractCall], AbstractValue]:
    return lambda call: array_of(LazyValue(lambda: _field_values(call, "o", hidden=hidden)))


def _pairs(*, hidden: bool) -> Callable[[AbstractCall], AbstractValue]:
    def pairs(call: AbstractCall) -> AbstractValue:
        value = LazyValue(lambda: _field_values(call, "o", hidden=hidden))
        return array_of(evaluated(_object({"key": evaluated(TEXT), "value": value})))

    return pairs


def _object(
    fields: Mapping[str, LazyValue],
    rest: LazyValue | None = None,
    conditional: frozenset[str] = frozenset(),
) -> AbstractValue:
    """An object of fields, of which some may be absent, and of others if `rest` is their value."""
    known = {name: _field(value, conditional=name in conditional) for name, value in fields.items()}
    layer = AbstractLayer(known, rest is not None, None if rest is None else _field(rest))
    return object_of(ObjectLayers((layer,)))


def _field(value: LazyValue, *, conditional: bool = False) -> AbstractField:
    return AbstractField(value, None, Visibility.INHERIT, conditional=conditional)


def _map_with_key(call: AbstractCall) -> AbstractValue:
    """An object with the results of a function of each name and field."""
    core = call.value("obj").core
    if not isinstance(core, AbstractObject):
        return ANYTHING
    return join_all(_mapped(call, layers) for layers in core.alternatives)


def _mapped(call: AbstractCall, layers: ObjectLayers) -> AbstractValue:
    def result(name: str) -> LazyValue:
        key = evaluated(TEXT if name == OTHER_NAME else text_of(name))
        field = LazyValue(lambda: find_field(call.inference, layers, name))
        return LazyValue(lambda: call.applied("func", key, field))

    results = {name: result(name) for name in _names(layers, hidden=False)}
    rest = results.pop(OTHER_NAME, None)
    return _object(results, rest, frozenset(n for n in results if may_lack(layers, n)))


OBJECT_RULES: Final[Mapping[str, Callable[[AbstractCall], AbstractValue]]] = {
    "mapWithKey": _map_with_key,
    "objectKeysValues": _pairs(hidden=False),
    "objectKeysValuesAll": _pairs(hidden=True),
    "objectValues": _values(hidden=False),
    "objectValuesAll": _values(hidden=True),
}
