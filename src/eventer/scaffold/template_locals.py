"""The locals of a template that is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from eventer.scaffold.field_names import snake_case

_RESERVED: Final = frozenset(
    "e std assert else error false for function if import importbin importstr in local null self "
    "super tailstrict then true".split()
)


class TemplateLocals:
    """Names of locals with their expressions, in the order in which they are added."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str], str] = {}
        self._expressions: dict[str, str] = {}
        self._by_name: dict[str, str] = {}

    def add(self, wanted: str, expression: str) -> str:
        """The name of a local; the same local again for the same name and expression."""
        key = (wanted, expression)
        if key not in self._by_key:
            name = self._unused(snake_case(wanted) or "value")
            self._by_key[key] = name
            self._expressions[name] = expression
            self._by_name.setdefault(wanted, name)
        return self._by_key[key]

    def get(self, wanted: str) -> str | None:
        """The name of a local that was added."""
        return self._by_name.get(wanted)

    def _unused(self, name: str) -> str:
        name = f"_{name}" if name[0].isdigit() else name
        candidates = (name if n == 1 else f"{name}_{n}" for n in range(1, len(self._by_key) + 3))
        return next(
            each for each in candidates if each not in _RESERVED and each not in self._expressions
        )

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._expressions.items())
