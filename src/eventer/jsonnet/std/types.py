"""Types, lengths, equality and order of values."""

from __future__ import annotations

from collections.abc import Callable

from eventer.jsonnet.std.arguments import characters, length
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.values import Array, Value, type_name


@function("type", strict("x"))
def type_of(call: Call, value: Value) -> Value:
    """The name of a type."""
    del call
    return type_name(value)


def _type_test(name: str, kind: str, param: str = "v") -> None:
    """Declares a test of a value's type."""

    def implementation(call: Call, value: Value) -> Value:
        del call
        return type_name(value) == kind

    function(name, strict(param))(implementation)


_type_test("isString", "string")
_type_test("isNumber", "number")
_type_test("isBoolean", "boolean")
_type_test("isObject", "object")
_type_test("isArray", "array")
_type_test("isFunction", "function")
_type_test("isNull", "null", "x")


@function("length", strict("x"))
def length_of(call: Call, value: Value) -> Value:
    """The number of characters, elements, visible fields or required parameters."""
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
    """`==` of values that are neither arrays nor objects."""
    kind = type_name(left)
    if kind != type_name(right):
        return False
    if kind in {"array", "object"}:
        raise call.error(f"needs primitive values, got {kind}")
    return call.equals(left, right)


@function("__compare", strict("v1"), strict("v2"))
def compare(call: Call, left: Value, right: Value) -> Value:
    """-1, 0 or 1, as the left is below, equal to or above the right."""
    if left is None and right is None:
        raise call.error("null cannot be ordered")
    return float(_sign(call.compare(left, right)))


def _array_comparison(name: str, result: Callable[[int], Value]) -> None:
    """Declares a comparison of two arrays: its result for the order -1, 0 or 1."""

    def implementation(call: Call, left: Value, right: Value) -> Value:
        first, second = characters(call, left), characters(call, right)
        return result(_sign(call.compare(Array(first), Array(second))))

    function(name, strict("arr1"), strict("arr2"))(implementation)


_array_comparison("__compare_array", float)
_array_comparison("__array_less", lambda order: order < 0)
_array_comparison("__array_greater", lambda order: order > 0)
_array_comparison("__array_less_or_equal", lambda order: order <= 0)
_array_comparison("__array_greater_or_equal", lambda order: order >= 0)


def _sign(order: int) -> int:
    return (order > 0) - (order < 0)
