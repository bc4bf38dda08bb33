"""Numbers that are integers in every row, and their bounds."""

from __future__ import annotations

from typing import Any, Final

from eventer.plan.graph import Type
from eventer.plan.symbols import Symbol

EXACT: Final = float(1 << 53)
"""All integers below it are exact."""


def is_integer(value: Any) -> bool:
    """Whether a number is an exact integer, and not -0, in every row."""
    if isinstance(value, Symbol):
        node = value.node
        if node.type is Type.DICTIONARY:
            return all(is_integer(entry) for entry in node.entries)
        return node.type is Type.INTEGER
    if not isinstance(value, float) or not value.is_integer() or abs(value) >= EXACT:
        return False
    return value != 0 or str(value) == "0.0"


def bounds_of(value: Any) -> tuple[int, int] | None:
    """The lowest and highest value of an integer, if known."""
    if isinstance(value, Symbol):
        node = value.node
        if node.type is Type.DICTIONARY and is_integer(value):
            return int(min(node.entries)), int(max(node.entries))
        return node.bounds
    return (int(value), int(value)) if is_integer(value) else None
