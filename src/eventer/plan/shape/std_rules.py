"""The types of results of the standard library.

`STD_RESULTS` has the type of a function's result, unless a rule here infers it from the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Final

from eventer.jsonnet.std.declarations import CONSTANTS, FUNCTIONS
from eventer.plan.shape.abstract import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    TEXT,
    AbstractArray,
    AbstractClosure,
    AbstractClosures,
    AbstractObject,
    AbstractValue,
    LazyValue,
    Mixed,
    Number,
    ObjectLayers,
    StdFunctionName,
    Text,
    Unknown,
    array_of,
    evaluated,
    join,
    without_values,
)
from eventer.plan.shape.constant_values import join_all
from eventer.plan.shape.object_layers import OTHER_NAME, find_field
from eventer.plan.shape.object_rules import OBJECT_RULES
from eventer.plan.shape.std_call import AbstractCall
from eventer.plan.std_results import STD_RESULTS, StdResult

if TYPE_CHECKING:
    from eventer.plan.shape.infer import Inference

MAX_DEPTH_OF_ARRAYS: Final = 16
_MAX_FOLD_ROUNDS: Final = 4
"""Inferences of a fold's function until the type of its result is stable."""
_MAX_FOLD_DEPTH: Final = 4
"""Nested arrays and objects in the result of a fold."""


def std_member(name: str) -> AbstractValue:
    """`std.<name>`."""
    if name == "thisFile":
        return TEXT
    return NUMBER if name in CONSTANTS else AbstractValue(StdFunctionName(name))


def std_result(
    inference: Inference,
    name: str,
    positional: tuple[LazyValue, ...],
    named: Mapping[str, LazyValue],
) -> AbstractValue:
    """The result of `std.<name>(…)`."""
    function = FUNCTIONS.get(name)
    if function is None:
        return ANYTHING
    given = dict(zip((param.name for param in function.params), positional, strict=False))
    call = AbstractCall(inference, given | dict(named))
    rule = _RULES.get(name)
    if rule is not None:
        return rule(call)
    result = STD_RESULTS.get(name)
    if result is StdResult.SAME_ARRAY:
        return _same_array(call)
    return ANYTHING if result is None else _FIXED[result]


_FIXED: Final = {
    StdResult.BOOLEAN: BOOLEAN,
    StdResult.INTEGER: INTEGER,
    StdResult.NUMBER: NUMBER,
    StdResult.TEXT: TEXT,
    StdResult.TEXTS: array_of(evaluated(TEXT)),
    StdResult.INTEGERS: array_of(evaluated(INTEGER)),
    StdResult.ARRAY: array_of(evaluated(ANYTHING)),
}


def _same_array(call: AbstractCall) -> AbstractValue:
    """An array of the elements of all arguments, or a text if the first argument is a text."""
    values = [argument.get() for argument in call.arguments.values()]
    arrays = [*values[:1], *([call.value("b")] if "b" in call.arguments else [])]
    if any(isinstance(array.core, Unknown) for array in arrays):
        return ANYTHING
    elements = [value.core.element for value in values if isinstance(value.core, AbstractArray)]
    if elements:
        return array_of(LazyValue(lambda: join_all(element.get() for element in elements)))
    return TEXT if values and isinstance(values[0].core, Text) else ANYTHING


def _applied_to_elements(call: AbstractCall, function: str) -> AbstractValue:
    return array_of(LazyValue(lambda: call.applied(function, call.element("arr"))))


def _flat_map(call: AbstractCall) -> AbstractValue:
    """Concatenated results, which are arrays, or texts for the characters of a text."""
    if isinstance(call.value("arr").core, Text):
        return TEXT
    return _concatenation(LazyValue(lambda: call.applied("func", call.element("arr"))))


def _join(call: AbstractCall) -> AbstractValue:
    """Texts, or arrays with the elements of the separator between them."""
    separator = call.value("sep").core
    if not isinstance(separator, AbstractArray):
        return TEXT if isinstance(separator, Text) else ANYTHING
    joined = _concatenation(call.element("arr")).core
    assert isinstance(joined, AbstractArray)
    element = joined.element
    return array_of(LazyValue(lambda: join(separator.element.get(), element.get())))


def _concatenation(arrays: LazyValue) -> AbstractValue:
    """An array of the elements of arrays."""

    def element() -> AbstractValue:
        core = arrays.get().core
        return core.element.get() if isinstance(core, AbstractArray) else ANYTHING

    return array_of(LazyValue(element))


def _leaf(value: AbstractValue, depth: int = MAX_DEPTH_OF_ARRAYS) -> AbstractValue:
    """An element of an array that is not an array."""
    match value.core:
        case AbstractArray(element=element):
            return ANYTHING if depth == 0 else _leaf(element.get(), depth - 1)
        case Mixed(alternatives=alternatives):
            return join_all(
                _leaf(AbstractValue(each, value.nullable), depth) for each in alternatives
            )
        case _:
            return value


def _map_with_index(call: AbstractCall) -> AbstractValue:
    return array_of(
        LazyValue(lambda: call.applied("func", evaluated(INTEGER), call.element("arr")))
    )


def _make_array(call: AbstractCall) -> AbstractValue:
    return array_of(LazyValue(lambda: call.applied("func", evaluated(INTEGER))))


def _fold_left(call: AbstractCall) -> AbstractValue:
    element = call.element("arr")
    return _fold(call, lambda result: call.applied("func", evaluated(result), element))


def _fold_right(call: AbstractCall) -> AbstractValue:
    element = call.element("arr")
    return _fold(call, lambda result: call.applied("func", element, evaluated(result)))


def _fold(call: AbstractCall, step: Callable[[AbstractValue], AbstractValue]) -> AbstractValue:
    """The union of the initial value and all results; it ends when a step adds no type."""
    result = call.value("init")
    for _ in range(_MAX_FOLD_ROUNDS):
        joined = join(result, step(result))
        if _type_key(call.inference, joined) == _type_key(call.inference, result):
            return result
        result = without_values(joined)
    return ANYTHING


def _type_key(inference: Inference, value: AbstractValue, depth: int = _MAX_FOLD_DEPTH) -> Hashable:
    """Equal for values of the same type; never for functions, and never beyond a depth."""
    core: Hashable = value.core
    if depth == 0 or isinstance(core, AbstractClosure | AbstractClosures):
        return object()
    if isinstance(core, AbstractArray):
        core = _type_key(inference, core.element.get(), depth - 1), "array"
    elif isinstance(core, AbstractObject):
        core = frozenset(_layers_key(inference, each, depth - 1) for each in core.alternatives)
    return core, value.nullable


def _layers_key(inference: Inference, layers: ObjectLayers, depth: int) -> Hashable:
    fields = {
        name: each.visibility for layer in layers.layers for name, each in layer.fields.items()
    }
    names: dict[str, Hashable] = dict(fields)
    if any(layer.rest is not None for layer in layers.layers):
        names[OTHER_NAME] = None
    return any(layer.open for layer in layers.layers), frozenset(
        (name, visibility, _type_key(inference, find_field(inference, layers, name), depth))
        for name, visibility in names.items()
    )


def _extreme(call: AbstractCall) -> AbstractValue:
    """`minArray`, `maxArray`: an element, or the value for an empty array."""
    element = call.element("arr").get()
    return join(element, call.value("onEmpty")) if "onEmpty" in call.arguments else element


def _numbers(call: AbstractCall) -> AbstractValue:
    """`max` and others: an integer if all arguments are integers."""
    return join_all(
        [INTEGER, *(_as_number(argument.get()) for argument in call.arguments.values())]
    )


def _as_number(value: AbstractValue) -> AbstractValue:
    return AbstractValue(value.core) if isinstance(value.core, Number | None) else NUMBER


def _clamp(call: AbstractCall) -> AbstractValue:
    return TEXT if isinstance(call.value("minVal").core, Text) else _numbers(call)


def _modulo(call: AbstractCall) -> AbstractValue:
    """`std.mod`: the remainder of a number, or a formatted text."""
    match call.value("a").core:
        case Text():
            return TEXT
        case Number():
            return _numbers(call)
        case _:
            return ANYTHING


def _get(call: AbstractCall) -> AbstractValue:
    """`std.get`: a field of a known name, or the default."""
    core, name = call.value("o").core, call.value("f").core
    if not isinstance(core, AbstractObject) or not isinstance(name, Text) or name.values is None:
        return ANYTHING
    default = call.value("default") if "default" in call.arguments else NULL
    fields = [
        find_field(call.inference, layers, text)
        for layers in core.alternatives
        for text in sorted(name.values)
    ]
    return join_all([default, *fields])


_RULES: Final[Mapping[str, Callable[[AbstractCall], AbstractValue]]] = {
    **OBJECT_RULES,
    "abs": _numbers,
    "clamp": _clamp,
    "foldl": _fold_left,
    "foldr": _fold_right,
    "get": _get,
    "id": lambda call: call.value("x"),
    "filterMap": lambda call: _applied_to_elements(call, "map_func"),
    "flatMap": _flat_map,
    "flattenArrays": lambda call: _concatenation(call.element("arrs")),
    "flattenDeepArray": lambda call: array_of(LazyValue(lambda: _leaf(call.value("value")))),
    "join": _join,
    "makeArray": _make_array,
    "map": lambda call: _applied_to_elements(call, "func"),
    "mapWithIndex": _map_with_index,
    "max": _numbers,
    "maxArray": _extreme,
    "min": _numbers,
    "minArray": _extreme,
    "mod": _modulo,
    "modulo": _numbers,
    "sum": lambda call: _as_number(call.element("arr").get()),
    "trace": lambda call: call.value("rest"),
}
