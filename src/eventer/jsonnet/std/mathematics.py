"""Functions of numbers and booleans, and sums."""

from __future__ import annotations

import math
from collections.abc import Callable

from eventer.jsonnet.arithmetic import finite, modulo
from eventer.jsonnet.std.arguments import expect
from eventer.jsonnet.std.declarations import Call, constant, function, lazy, strict
from eventer.jsonnet.std.transcendental import (
    PI,
    arc_cosine,
    arc_sine,
    arc_tangent,
    arc_tangent_of,
    cosine,
    exponential,
    hypotenuse,
    natural_log,
    power,
    sine,
    tangent,
)
from eventer.jsonnet.values import Array, Operand, Value


def _computed(call: Call, compute: Callable[..., float], *arguments: float) -> float:
    """A result; errors of Python become errors of the language."""
    try:
        return finite(compute(*arguments))
    except ValueError:
        raise call.error("the result is not a number") from None
    except OverflowError:
        raise call.error("overflow: the result is too large for a number") from None


def _unary(name: str, compute: Callable[[float], float], param: str = "x") -> None:
    """Declares a function of one number."""

    def implementation(call: Call, value: Value) -> Value:
        return _computed(call, compute, call.number(value, param))

    function(name, strict(param))(implementation)


def _binary(name: str, compute: Callable[[float, float], float], first: str, second: str) -> None:
    """Declares a function of two numbers."""

    def implementation(call: Call, left: Value, right: Value) -> Value:
        a, b = call.number(left, first), call.number(right, second)
        return _computed(call, compute, a, b)

    function(name, strict(first), strict(second))(implementation)


def _predicate(name: str, test: Callable[[float], bool]) -> None:
    """Declares a test of one number."""

    def implementation(call: Call, value: Value) -> Value:
        return test(call.number(value, "x"))

    function(name, strict("x"))(implementation)


def _rounded(value: float) -> float:
    """To the nearest whole number, halves away from zero."""
    whole = math.trunc(value)
    if abs(value - whole) >= 0.5:
        whole += 1 if value > 0 else -1
    return math.copysign(float(whole), value)


constant("pi", PI)
_unary("sqrt", math.sqrt)
_unary("sin", sine)
_unary("cos", cosine)
_unary("tan", tangent)
_unary("asin", arc_sine)
_unary("acos", arc_cosine)
_unary("atan", arc_tangent)
_unary("exp", exponential)
_unary("log", natural_log)
_unary("log2", lambda x: natural_log(x) / natural_log(2.0))
_unary("log10", lambda x: natural_log(x) / natural_log(10.0))
_unary("floor", lambda x: math.copysign(float(math.floor(x)), x))
_unary("ceil", lambda x: math.copysign(float(math.ceil(x)), x))
_unary("round", _rounded)
_unary("mantissa", lambda x: math.frexp(x)[0])
_unary("exponent", lambda x: float(math.frexp(x)[1]))
_unary("deg2rad", lambda x: finite(x * PI) / 180.0)
_unary("rad2deg", lambda x: finite(x * 180.0) / PI)
_unary("abs", lambda n: n if n > 0.0 else -n, "n")
_unary("sign", lambda n: float((n > 0.0) - (n < 0.0)), "n")
_binary("atan2", arc_tangent_of, "y", "x")
_binary("hypot", hypotenuse, "x", "y")
_binary("pow", power, "x", "n")
_binary("max", lambda a, b: max(b, a), "a", "b")
_binary("min", lambda a, b: min(b, a), "a", "b")
_binary("modulo", modulo, "x", "y")
_predicate("isEven", lambda x: math.fmod(math.trunc(x), 2.0) == 0.0)
_predicate("isOdd", lambda x: math.fmod(math.trunc(x), 2.0) != 0.0)
_predicate("isInteger", lambda x: x.is_integer())
_predicate("isDecimal", lambda x: not x.is_integer())


@function("clamp", strict("x"), strict("minVal"), lazy("maxVal"))
def clamp(call: Call, value: Value, low: Value, high: Operand) -> Value:
    """The value within two bounds; the upper one is not forced below the lower."""
    if call.compare(value, low) < 0:
        return low
    upper = call.force(high)
    return upper if call.compare(value, upper) > 0 else value


@function("sum", strict("arr"))
def sum_of(call: Call, array: Value) -> Value:
    """The sum of numbers, from the first to the last."""
    return _sum(call, call.array(array, "arr"))


@function("avg", strict("arr"))
def average(call: Call, array: Value) -> Value:
    """The mean of numbers."""
    numbers = call.array(array, "arr")
    if not numbers.items:
        raise call.error("the average of an empty array is undefined")
    return _sum(call, numbers) / len(numbers)


def _sum(call: Call, numbers: Array) -> float:
    total = 0.0
    for item in numbers.items:
        call.meter.charge_steps(1)
        total += call.number(call.force(item), "an element")
    return finite(total)


@function("xor", strict("x"), strict("y"))
def xor(call: Call, left: Value, right: Value) -> Value:
    """Whether exactly one of two booleans is true."""
    return call.boolean(left, "x") is not call.boolean(right, "y")


@function("xnor", strict("x"), strict("y"))
def xnor(call: Call, left: Value, right: Value) -> Value:
    """Whether two booleans are equal."""
    return call.boolean(left, "x") is call.boolean(right, "y")


@function("mod", strict("a"), strict("b"))
def mod(call: Call, left: Value, right: Value) -> Value:
    """The operator `%`: the remainder of numbers, or a string formatted."""
    if isinstance(left, str):
        from eventer.jsonnet.std.format import format_values

        return format_values(call, left, right)
    expect(call, left, "the left side of %", "number", "string")
    return modulo(call.number(left, "a"), call.number(right, "b"))
