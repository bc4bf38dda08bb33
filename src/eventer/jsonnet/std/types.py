"""Types and reflection: what a value is, how long, whether two are equal, and in which order."""

from __future__ import annotations

from eventer.jsonnet.std.arguments import characters, length
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.values import Array, Value, type_name


@function("type", strict("x"))
def type_of(call: Call, value: Value) -> Value:
    """The name of a type."""
    del call
    return type_name(value)


@function("isString", strict("v"))
def is_string(call: Call, value: Value) -> Value:
    """Whether it is a string."""
    del call
    return isinstance(value, str)


@function("isNumber", strict("v"))
def is_number(call: Call, value: Value) -> Value:
    """Whether it is a number."""
    del call
    return type_name(value) == "number"


@function("isBoolean", strict("v"))
def is_boolean(call: Call, value: Value) -> Value:
    """Whether it is a boolean."""
    del call
    return isinstance(value, bool)


@function("isObject", strict("v"))
def is_object(call: Call, value: Value) -> Value:
    """Whether it is an object."""
    del call
    return type_name(value) == "object"


@function("isArray", strict("v"))
def is_array(call: Call, value: Value) -> Value:
    """Whether it is an array."""
    del call
    return isinstance(value, Array)


@function("isFunction", strict("v"))
def is_function(call: Call, value: Value) -> Value:
    """Whether it is a function."""
    del call
    return type_name(value) == "function"


@function("isNull", strict("x"))
def is_null(call: Call, value: Value) -> Value:
    """Whether it is null."""
    del call
    return value is None


@function("length", strict("x"))
def length_of(call: Call, value: Value) -> Value:
    """How many characters, elements, visible fields or required parameters."""
    return float(length(call, value))


@function("id", strict("x"))
def identity(call: Call, value: Value) -> Value:
    """The value itself."""
    del call
    return value


@function("toString", strict("a"))
def to_string(call: Call, value: Value) -> Value:
    """The text of a value."""
    return call.to_string(value)


@function("equals", strict("x"), strict("y"))
def equals(call: Call, left: Value, right: Value) -> Value:
    """`==`."""
    return call.equals(left, right)


@function("primitiveEquals", strict("x"), strict("y"))
def primitive_equals(call: Call, left: Value, right: Value) -> Value:
    """`==` of what is neither array nor object."""
    kind = type_name(left)
    if kind != type_name(right):
        return False
    if kind in {"array", "object"}:
        raise call.error(f"needs primitive values, got {kind}")
    return call.equals(left, right)


@function("__compare", strict("v1"), strict("v2"))
def compare(call: Call, left: Value, right: Value) -> Value:
    """-1, 0 or 1, as the left is below, equal to or above the right."""
    return float(_order(call, left, right))


@function("__compare_array", strict("arr1"), strict("arr2"))
def compare_arrays(call: Call, left: Value, right: Value) -> Value:
    """-1, 0 or 1 for two arrays."""
    return float(_array_order(call, left, right))


@function("__array_less", strict("arr1"), strict("arr2"))
def array_less(call: Call, left: Value, right: Value) -> Value:
    """`<` of two arrays."""
    return _array_order(call, left, right) < 0


@function("__array_greater", strict("arr1"), strict("arr2"))
def array_greater(call: Call, left: Value, right: Value) -> Value:
    """`>` of two arrays."""
    return _array_order(call, left, right) > 0


@function("__array_less_or_equal", strict("arr1"), strict("arr2"))
def array_less_or_equal(call: Call, left: Value, right: Value) -> Value:
    """`<=` of two arrays."""
    return _array_order(call, left, right) <= 0


@function("__array_greater_or_equal", strict("arr1"), strict("arr2"))
def array_greater_or_equal(call: Call, left: Value, right: Value) -> Value:
    """`>=` of two arrays."""
    return _array_order(call, left, right) >= 0


def _order(call: Call, left: Value, right: Value) -> int:
    """The order of two values of one type; unlike `<`, this one knows that null equals null."""
    if left is None and right is None:
        raise call.error("null cannot be ordered")
    return _sign(call.compare(left, right))


def _array_order(call: Call, left: Value, right: Value) -> int:
    first, second = characters(call, left), characters(call, right)
    return _sign(call.compare(Array(first), Array(second)))


def _sign(order: int) -> int:
    return (order > 0) - (order < 0)
