"""Values of the language that differ from row to row: what tracing puts beside the plain ones.

A trace evaluates a template once, for all rows. What is the same in every row is a plain value of
the language (`eventer.jsonnet.values`); the rest is one of these. Python must never take one for a
plain value: asked whether it is true, each refuses the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from eventer.jsonnet.values import Array, Function
from eventer.plan.graph import Domain, Node, Type
from eventer.plan.unsupported import PlanUnsupportedError

SCALAR_TYPES: Final = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}
"""The column type of each type of scalars of the language."""


class Symbolic:
    """What the classes here share."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise PlanUnsupportedError("a condition on a value whose type differs between events")


@dataclass(frozen=True, slots=True, eq=False)
class Symbol(Symbolic):
    """A scalar a row (or, for a PICK or VALUE, one of some plain values)."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Symbolic):
    """`then` in the rows of `domain` where `condition` holds, `otherwise` in the others.

    Each side is a value of its own part of the domain, or `ALWAYS_RAISES` where all its rows raise.
    """

    domain: Domain
    condition: Symbol
    then: Any
    otherwise: Any


@dataclass(frozen=True, slots=True, eq=False)
class SymbolicList(Symbolic):
    """A list a row, of lengths that differ.

    `lengths` (ROWS) are those of the rows of `domain`; the rows of `elements` are the elements, in
    the order of the rows; `item` is the operand of each, in `elements`.
    """

    domain: Domain
    lengths: Node
    elements: Domain
    item: Any


class AlwaysRaises(Symbolic):
    """The side of a choice whose rows all raise."""

    __slots__ = ()


ALWAYS_RAISES: Final = AlwaysRaises()


def type_name_of(value: Any) -> str | None:
    """The type that `std.type` would say, where it is the same in all rows; else None."""
    if isinstance(value, Symbol):
        return _type_name_of_node(value.node)
    if isinstance(value, SymbolicList):
        return "array"
    if isinstance(value, Symbolic):
        return None
    if value is None:
        return "null"
    return plain_type_name(value)


def plain_type_name(value: Any) -> str:
    """The type of a value that is the same in all rows, plain JSON included."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, float | int):
        return "number"
    if isinstance(value, Array | list | tuple):
        return "array"
    return "function" if isinstance(value, Function) else "object"


def _type_name_of_node(node: Node) -> str | None:
    if node.type in {Type.WHOLE, Type.NUMBER}:
        return "number"
    if node.type is Type.BOOLEAN:
        return "boolean"
    if node.type is Type.TEXT:
        return "string"
    if node.type is Type.DICTIONARY:
        kinds = {plain_type_name(entry) for entry in node.entries}
        return kinds.pop() if len(kinds) == 1 else None
    return node.kind
