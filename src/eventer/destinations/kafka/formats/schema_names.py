"""Names of schemas: letters, digits and underscores, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_OTHER: Final = re.compile(r"[^A-Za-z0-9_]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(text: str) -> bool:
    """Whether a text is a name as it is."""
    return _NAME.fullmatch(text) is not None


def as_name(text: str) -> str:
    """A text as a name: an underscore in place of each other character."""
    name = _OTHER.sub("_", text)
    return name if is_name(name) else f"_{name}"


def unique_names(texts: Iterable[str]) -> list[str]:
    """The names of texts; equal ones get numbers, in the order of the texts."""
    taken = NameSet()
    return [taken.add(text) for text in texts]


class NameSet:
    """Names that are taken."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, text: str) -> str:
        """Takes the name of a text, with a number if it is taken."""
        name = candidate = as_name(text)
        number = 2
        while candidate in self._taken:
            candidate = f"{name}_{number}"
            number += 1
        self._taken.add(candidate)
        return candidate
