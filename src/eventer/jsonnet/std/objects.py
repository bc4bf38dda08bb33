"""Functions of objects; fields stay unforced if possible."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from eventer.jsonnet.object_values import Object, object_of, without_field
from eventer.jsonnet.std.arguments import enter_level
from eventer.jsonnet.std.declarations import Call, StdParam, function, lazy, optional, strict
from eventer.jsonnet.values import Array, Operand, Value, array_of, type_name


def _names(call: Call, value: Value, *, hidden: bool) -> list[str]:
    names = call.object(value, "o").names(hidden=hidden)
    call.meter.charge_elements(len(names))
    return names


def _later(call: Call, value: Object, name: str) -> Operand:
    """A thunk of a field."""
    return call.delay(lambda: call.field(value, name))


def _visible_and_all(
    name: str, *params: StdParam
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declares `std.<name>` for the visible fields and `std.<name>All` for all fields."""

    def declare(implementation: Callable[..., Value]) -> Callable[..., Value]:
        function(name, *params)(partial(implementation, hidden=False))
        function(f"{name}All", *params)(partial(implementation, hidden=True))
        return implementation

    return declare


@_visible_and_all("objectFields", strict("o"))
def object_fields(call: Call, value: Value, *, hidden: bool) -> Value:
    """The names of the fields, by code point."""
    return array_of(_names(call, value, hidden=hidden))


@function("objectFieldsEx", strict("obj"), strict("hidden"))
def object_fields_ex(call: Call, value: Value, hidden: Value) -> Value:
    """The names of the visible fields, or of all."""
    return array_of(_names(call, value, hidden=call.boolean(hidden, "hidden")))


@_visible_and_all("objectHas", strict("o"), strict("f"))
def object_has(call: Call, value: Value, name: Value, *, hidden: bool) -> Value:
    """Whether the field exists."""
    return call.object(value, "o").has(call.string(name, "f"), hidden=hidden)


@function("objectHasEx", strict("obj"), strict("fname"), strict("hidden"))
def object_has_ex(call: Call, value: Value, name: Value, hidden: Value) -> Value:
    """Whether the field exists and is visible, or `hidden` is true."""
    target, field = call.object(value, "obj"), call.string(name, "fname")
    return target.has(field, hidden=call.boolean(hidden, "hidden"))


@function(
    "get",
    strict("o"),
    strict("f"),
    optional("default", None, lazy=True),
    optional("inc_hidden", True),
)
def get(call: Call, value: Value, name: Value, default: Operand, hidden: Value) -> Value:
    """A field, or a default if it does not exist."""
    target, field = call.object(value, "o"), call.string(name, "f")
    if target.has(field, hidden=call.boolean(hidden, "inc_hidden")):
        return call.field(target, field)
    return call.force(default)


@_visible_and_all("objectValues", strict("o"))
def object_values(call: Call, value: Value, *, hidden: bool) -> Value:
    """The values of the fields, in the order of their names."""
    target = call.object(value, "o")
    return Array([_later(call, target, name) for name in _names(call, target, hidden=hidden)])


@_visible_and_all("objectKeysValues", strict("o"))
def object_keys_values(call: Call, value: Value, *, hidden: bool) -> Value:
    """Each field as `{key, value}`."""
    target = call.object(value, "o")
    names = _names(call, target, hidden=hidden)
    call.meter.charge_elements(2 * len(names))
    return array_of(object_of({"key": name, "value": _later(call, target, name)}) for name in names)


@function("objectRemoveKey", strict("obj"), strict("key"))
def object_remove_key(call: Call, value: Value, name: Value) -> Value:
    """The object without a field, which `super` and its other fields still see."""
    target = call.object(value, "obj")
    call.meter.charge_elements(len(target.layers))
    return without_field(target, call.string(name, "key"))


@function("mapWithKey", strict("func"), strict("obj"))
def map_with_key(call: Call, func: Value, value: Value) -> Value:
    """The results of a function of name and value for each visible field, computed lazily."""
    change, target = call.function(func, "func"), call.object(value, "obj")
    names = _names(call, target, hidden=False)
    fields = {n: call.later(change, [n, _later(call, target, n)], 0, n) for n in names}
    return object_of(fields)


@function("mergePatch", lazy("target"), strict("patch"))
def merge_patch(call: Call, target: Operand, patch: Value) -> Value:
    """A target changed by a JSON merge patch (RFC 7396): null removes a field."""
    if not isinstance(patch, Object):
        return patch
    base = call.force(target)
    old = base if isinstance(base, Object) else object_of({})
    changes = _names(call, patch, hidden=False)
    gone = {name for name in changes if call.field(patch, name) is None}
    fields = {name: _later(call, old, name) for name in _names(call, old, hidden=False)}
    for name in changes:
        if name in gone:
            fields.pop(name, None)
        else:
            fields[name] = _merged_later(call, old, patch, name)
    return object_of(fields)


def _merged_later(call: Call, old: Object, patch: Object, name: str) -> Operand:
    before = _later(call, old, name) if old.has(name, hidden=False) else None
    return call.delay(lambda: merge_patch(call, before, call.field(patch, name)))


@function("prune", strict("a"))
def prune(call: Call, value: Value) -> Value:
    """The value without nulls, empty arrays and empty objects at any depth."""
    return _pruned(call, value, 0, {})


_Pruned: TypeAlias = "dict[int, tuple[Value, Value]]"
"""Arrays and objects with what remains of them, by identity: many paths can lead to a part."""


def _pruned(call: Call, value: Value, depth: int, known: _Pruned) -> Value:
    if not isinstance(value, Array | Object):
        return value
    if id(value) not in known:
        depth = enter_level(call, depth)
        if isinstance(value, Array):
            pruned = _pruned_array(call, value, depth, known)
        else:
            pruned = _pruned_object(call, value, depth, known)
        known[id(value)] = value, pruned
    return known[id(value)][1]


def _pruned_array(call: Call, value: Array, depth: int, known: _Pruned) -> Value:
    call.meter.charge_elements(len(value))
    items = [_pruned(call, call.force(item), depth, known) for item in value.items]
    return Array([item for item in items if _has_content(item)])


def _pruned_object(call: Call, value: Object, depth: int, known: _Pruned) -> Value:
    names = _names(call, value, hidden=False)
    fields = {name: _pruned(call, call.field(value, name), depth, known) for name in names}
    return object_of({name: field for name, field in fields.items() if _has_content(field)})


def _has_content(value: Value) -> bool:
    if isinstance(value, Array):
        return len(value) > 0
    if isinstance(value, Object):
        return len(value.names()) > 0
    return value is not None


@function("$objectFlatMerge", strict("x"))
def object_flat_merge(call: Call, parts: Value) -> Value:
    """Objects of one field each as one object, which go-jsonnet uses for comprehensions."""
    fields: dict[str, Operand] = {}
    for item in call.array(parts, "x").items:
        part = call.force(item)
        for name in _names(call, part, hidden=True):
            if name in fields:
                raise call.error(f"duplicate field name {name!r}, a {type_name(name)}")
            fields[name] = _later(call, call.object(part, "an element"), name)
    return object_of(fields)
