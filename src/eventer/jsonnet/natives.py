"""The interface of native functions and of the derivation of draw keys.

A draw key is an opaque 64-bit number here. This package derives keys by calling `DrawKeys`; it
never hashes draws itself: only `kernels.draw` defines them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from eventer.core.model import JsonValue


class DrawKeys(Protocol):
    """Derives draw keys: H in `docs/reference/draws.md`."""

    def child(self, key: int, step: int) -> int:
        """H(key, step); a step is a site, the number of an element or the `step_of` of a text."""

    def step_of(self, text: str) -> int:
        """A text as a step: the key of an object comprehension, a native's name."""


@runtime_checkable
class NativeObject(Protocol):
    """An object whose fields are computed when they are read."""

    def names(self) -> Sequence[str]:
        """The visible field names."""

    def hidden_names(self) -> Sequence[str]:
        """Field names that can be read but are not manifested."""

    def get(self, name: str) -> JsonValue:
        """The value of a visible or hidden field."""


class Native(Protocol):
    """A function that templates get from `std.native(name)`."""

    @property
    def name(self) -> str:
        """The name it is registered under."""

    @property
    def params(self) -> Sequence[tuple[str, bool]]:
        """Parameter names, each with whether it may be left out."""

    def call(self, arguments: Sequence[JsonValue], key: int) -> JsonValue | NativeObject:
        """The value at the current event for manifested arguments (None where left out).

        Raises:
            EvaluationError: an argument is wrong; without a place, which the caller knows.
        """


class Natives(Protocol):
    """Looks natives up by name."""

    def find(self, name: str) -> Native | None:
        """The native of that name; None makes `std.native(name)` null."""

    def names(self) -> Sequence[str]:
        """All names, for suggestions in errors."""
