"""External variables, natives, traces and assertions."""

from __future__ import annotations

from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.escapes import json_quoted
from eventer.jsonnet.values import Value


@function("extVar", strict("x"))
def ext_var(call: Call, name: Value) -> Value:
    """The value of an external variable."""
    return call.ext_var(call.string(name, "x"))


@function("native", strict("x"))
def native(call: Call, name: Value) -> Value:
    """A native function, or null if the name is unknown."""
    return call.native(call.string(name, "x"))


@function("trace", strict("str"), strict("rest"))
def trace(call: Call, message: Value, rest: Value) -> Value:
    """The second argument; the first one is sent as a trace message."""
    call.trace(call.string(message, "str"))
    return rest


@function("assertEqual", strict("a"), strict("b"))
def assert_equal(call: Call, left: Value, right: Value) -> Value:
    """True, or an error if two values differ."""
    if call.equals(left, right):
        return True
    raise call.error(f"assertion failed: {_shown(call, left)} != {_shown(call, right)}")


def _shown(call: Call, value: Value) -> str:
    return json_quoted(call, value) if isinstance(value, str) else call.to_string(value)
