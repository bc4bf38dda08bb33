"""A field of a JSON value that can be changed or removed in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventer.core.model import JsonValue
from eventer.core.pointer import ABSENT, resolve


@dataclass(frozen=True, slots=True)
class FoundField:
    """A member of an object, or an element of an array."""

    container: Any
    key: str | int

    @property
    def value(self) -> JsonValue:
        """The value of the field."""
        value: JsonValue = self.container[self.key]
        return value

    def set(self, value: JsonValue) -> None:
        """Replaces the value of the field."""
        self.container[self.key] = value

    def remove(self) -> None:
        """Removes the field; later elements of an array move up."""
        del self.container[self.key]


def find_field(event: JsonValue, tokens: Sequence[str]) -> FoundField | None:
    """The field that the reference tokens of a pointer refer to; None if there is none.

    `event` is a value of `json.loads`: its objects and arrays can be changed.
    """
    container = resolve(event, tokens[:-1])
    if container is ABSENT or resolve(container, tokens[-1:]) is ABSENT:  # type: ignore[arg-type]
        return None
    return FoundField(container, int(tokens[-1]) if isinstance(container, list) else tokens[-1])
