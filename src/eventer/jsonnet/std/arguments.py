"""Arguments: default functions, sizes, characters, lengths, types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventer.jsonnet.context import Context
from eventer.jsonnet.object_values import Object
from eventer.jsonnet.std.declarations import Call
from eventer.jsonnet.values import Array, Function, Operand, Value, force, type_name

_INT32: Final = 1 << 31

NESTING: Final = 500
"""The deepest nesting of values that a function traverses."""


class _Identity(Function):
    """The default key function: an element is its own key."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return "id"

    @property
    def parameters(self) -> Sequence[tuple[str, bool]]:
        return (("x", False),)

    def enter(
        self,
        context: Context,
        positional: Sequence[Operand],
        named: Mapping[str, Operand],
        place: Any,
    ) -> Value:
        del context, place
        return force(positional[0] if positional else named["x"])


IDENTITY: Final = _Identity()
ABSENT: Final = _Identity()
"""Stands for an omitted argument that may be any value."""


def key_of(call: Call, key: Function, item: Operand, argument: int, element: int) -> Value:
    """The key of an element, by the key function that is argument number `argument`."""
    return call.force(item) if key is IDENTITY else call.apply(key, [item], argument, element)


def size(call: Call, value: Value, param: str) -> int:
    """A 32-bit integer: a position, a length or a count."""
    whole = call.whole(value, param)
    if not -_INT32 <= whole < _INT32:
        raise call.error(f"{param} must be a 32-bit number, got {whole:,}")
    return whole


def enter_level(call: Call, depth: int) -> int:
    """Enters a level of nesting; refuses one that is too deep."""
    call.meter.charge_steps(1)
    if depth >= NESTING:
        raise call.error(
            f"nested more than {NESTING} levels deep",
            hint="check whether the value contains itself",
        )
    return depth + 1


def characters(call: Call, value: Value) -> list[Operand]:
    """The elements of an array, or the characters of a string as strings.

    Other values of length 0 are accepted as empty.
    """
    if isinstance(value, Array):
        return value.items
    if isinstance(value, str):
        call.meter.charge_elements(len(value))
        return list(value)
    if length(call, value) == 0:
        return []
    raise call.error(f"needs a string or an array, got {type_name(value)}")


def length(call: Call, value: Value) -> int:
    """`std.length`: characters, elements, visible fields, or parameters without a default."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Array):
        return len(value.items)
    if isinstance(value, Object):
        return len(value.names())
    if isinstance(value, Function):
        return sum(not optional for _, optional in value.parameters)
    raise call.error(f"{type_name(value)} has no length")


def expect(call: Call, value: Value, what: str, *types: str) -> None:
    """Refuses values of other types; `what` names the argument."""
    kind = type_name(value)
    if kind not in types:
        raise call.error(f"{what} must be {' or '.join(map(_a, types))}, got {kind}")


def _a(kind: str) -> str:
    return ("an " if kind[0] in "aeio" else "a ") + kind
