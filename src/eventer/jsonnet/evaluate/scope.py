"""Scopes: names are resolved to slots of frames when a template is compiled.

Function applications, list elements, layers of objects and files have frames. All `local`s inside
share the frame around them: an expression is evaluated at most once per frame, so a slot is written
once. Names bound to constants have no slot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eventer.jsonnet.nodes import Apply
from eventer.jsonnet.object_layers import SELF_SLOT
from eventer.jsonnet.values import Code, Frame, Operand, Value

FIRST_VARIABLE: Final = 2
"""The first slots of a frame are the outer frame and the context."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known at compile time. `unknown` is the `std.native("…")` of an unknown native."""

    value: Value
    unknown: Apply | None = None


class Layout:
    """Counts the slots of the frames of one place."""

    __slots__ = ("first", "is_object", "size")

    def __init__(self, first: int = FIRST_VARIABLE, *, is_object: bool = False) -> None:
        self.first = first
        self.size = first
        self.is_object = is_object

    def slot(self) -> int:
        """Adds a slot."""
        self.size += 1
        return self.size - 1

    def pad(self, filled: int) -> list[None]:
        """The slots beyond the first `filled`, empty."""
        return [None] * (self.size - filled)


@dataclass(slots=True)
class Scope:
    """The names visible at one place, innermost first."""

    layout: Layout
    outer: Scope | None = None
    names: dict[str, int | Constant] = field(default_factory=dict)

    def block(self) -> Scope:
        """A scope within the same frame."""
        return Scope(self.layout, self)

    def inner(self, layout: Layout) -> Scope:
        """A scope in a frame of its own."""
        return Scope(layout, self)

    def declare(self, name: str) -> int:
        """Gives a name a slot of its own."""
        slot = self.layout.slot()
        self.names[name] = slot
        return slot

    def find(self, name: str) -> tuple[int, int] | Constant | None:
        """The number of frames outward and the slot there, or a constant; None if unbound."""
        scope: Scope | None = self
        layout, depth = self.layout, 0
        while scope is not None:
            if scope.layout is not layout:
                layout, depth = scope.layout, depth + 1
            found = scope.names.get(name)
            if found is not None:
                return found if isinstance(found, Constant) else (depth, found)
            scope = scope.outer
        return None

    def find_self(self) -> tuple[int, int]:
        """The number of frames outward to the nearest object, and the slot of `self` there."""
        scope: Scope | None = self
        layout, depth = self.layout, 0
        while scope is not None:
            if scope.layout is not layout:
                layout, depth = scope.layout, depth + 1
            if layout.is_object:
                return depth, SELF_SLOT
            scope = scope.outer
        raise AssertionError("`self` outside an object is rejected before evaluation")


def slot_reader(depth: int, slot: int) -> Code:
    """Code that reads the operand in a slot."""
    if depth == 0:
        return lambda frame: frame[slot]
    if depth == 1:
        return lambda frame: frame[0][slot]
    if depth == 2:
        return lambda frame: frame[0][0][slot]

    def read(frame: Frame) -> Operand:
        for _ in range(depth):
            frame = frame[0]
        return frame[slot]  # type: ignore[no-any-return]  # frames are untyped by design

    return read
