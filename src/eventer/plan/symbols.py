"""The values of a trace that differ between rows.

A trace evaluates a template once, for all rows. A value that is the same in every row is a plain
value of the language (`eventer.jsonnet.values`); other values are symbolic. A symbolic value has no
truth: `bool()` of it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

from eventer.jsonnet.values import Array, Function
from eventer.plan.graph import Domain, Node, Type
from eventer.plan.unsupported import PlanUnsupportedError

SCALAR_TYPES: Final = {"number": Type.NUMBER, "string": Type.TEXT, "boolean": Type.BOOLEAN}
"""Column types by the type names of scalars."""


class Symbolic:
    """The base of values that differ between rows."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        raise PlanUnsupportedError("a condition on a value whose type differs between events")


@dataclass(frozen=True, slots=True, eq=False)
class Symbol(Symbolic):
    """A column: a scalar per row; for a DICTIONARY or a VALUE any plain value per row."""

    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Choice(Symbolic):
    """`then` in the rows of `domain` for which `condition` holds, `otherwise` in the other rows.

    Each side is a value of its part of the domain, or `ALWAYS_RAISES` if all its rows raise.
    """

    domain: Domain
    condition: Symbol
    then: Any
    otherwise: Any


@dataclass(frozen=True, slots=True, eq=False)
class SymbolicList(Symbolic):
    """A list per row of `domain`, with `lengths` (ROWS) that may differ.

    The rows of the domain `elements` are the elements of all lists, in order; `item` is the operand
    of each element, in that domain.
    """

    domain: Domain
    lengths: Node
    elements: Domain
    item: Any


class AlwaysRaises(Symbolic):
    """A side of a choice whose rows all raise."""

    __slots__ = ()


ALWAYS_RAISES: Final = AlwaysRaises()


def type_name_of(value: Any) -> str | None:
    """The name that `std.type` gives, if it is the same in all rows; else None."""
    if isinstance(value, Symbol):
        return _type_name_of_node(value.node)
    if isinstance(value, SymbolicList):
        return "array"
    return None if isinstance(value, Symbolic) else plain_type_name(value)


def plain_type_name(value: Any) -> str:
    """The type name of a value of the language or of JSON."""
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
    if node.type is Type.DICTIONARY:
        kinds = {plain_type_name(entry) for entry in node.entries}
        return kinds.pop() if len(kinds) == 1 else None
    return _TYPE_NAMES.get(node.type, node.kind)


_TYPE_NAMES: Final = {
    Type.INTEGER: "number",
    Type.NUMBER: "number",
    Type.BOOLEAN: "boolean",
    Type.TEXT: "string",
}
