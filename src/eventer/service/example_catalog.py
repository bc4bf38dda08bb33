"""The example templates that travel with the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from eventer.core.errors import NotFoundError
from eventer.core.suggestions import did_you_mean

_SUFFIX: Final = ".jsonnet"


@dataclass(frozen=True, slots=True)
class Example:
    """An example template. `description` is its first comment line, without a period."""

    name: str
    description: str
    template: str

    @property
    def needs_library(self) -> bool:
        """Whether it imports files of the examples' library."""
        return "import '" in self.template or 'import "' in self.template


@cache
def examples() -> Mapping[str, Example]:
    """All examples by name, in the order of their names."""
    return {example.name: example for example in sorted(_read(), key=lambda each: each.name)}


def example(name: str) -> Example:
    """The example of this name.

    Raises:
        NotFoundError: there is none; the hint suggests the nearest name, or how to list them.
    """
    known = examples()
    if name not in known:
        hint = did_you_mean(name, known) or "`eventer examples` lists them"
        raise NotFoundError(f"there is no example {name!r}", hint=hint)
    return known[name]


def _folder() -> Traversable:
    """The folder in the installed package, or else in the checkout."""
    installed = files("eventer") / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "examples"


def _read() -> Iterator[Example]:
    for file in _folder().iterdir():
        if file.name.endswith(_SUFFIX):
            text = file.read_text("utf-8")
            first = text.partition("\n")[0]
            description = first.lstrip("/ ").rstrip(". ") if first.startswith("//") else ""
            yield Example(file.name.removesuffix(_SUFFIX), description, text)
