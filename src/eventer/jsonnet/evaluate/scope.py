"""Where variables live: names resolved to slots of frames, once, before anything runs.

A frame is made by a function application, a list element, a layer of an object, and a file. All
`local`s inside share the frame that they are in: every expression is evaluated at most once a
frame, so a slot is written once. Names that are bound to constants have no slot.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from eventer.jsonnet.layers import SELF_SLOT
from eventer.jsonnet.nodes import Apply
from eventer.jsonnet.values import Value

PARENT: Final = 0
CONTEXT: Final = 1
FIRST_VARIABLE: Final = 2
"""Slots of a frame: the frame around it, the context, then variables."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known before anything runs. `unknown` is the `std.native("…")` that gave null."""

    value: Value
    unknown: Apply | None = None


class Layout:
    """How many slots the frames of one place have."""

    __slots__ = ("first", "is_object", "size")

    def __init__(self, first: int = FIRST_VARIABLE, *, is_object: bool = False) -> None:
        self.first = first
        self.size = first
        self.is_object = is_object

    def slot(self) -> int:
        """One slot more."""
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
        """Frames outward and slot there, or the constant; None for what nothing binds."""
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
        """Frames outward to the nearest object's frame, and the slot of `self` there."""
        scope: Scope | None = self
        layout, depth = self.layout, 0
        while scope is not None:
            if scope.layout is not layout:
                layout, depth = scope.layout, depth + 1
            if layout.is_object:
                return depth, SELF_SLOT
            scope = scope.outer
        raise AssertionError("`self` outside an object is rejected before evaluation")
