"""The example templates that are installed with Eventer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from eventer.core.errors import NotFoundError
from eventer.core.suggestions import did_you_mean
from eventer.jsonnet.built_in_library import BUILT_IN_LIBRARY

_SUFFIX: Final = ".jsonnet"
_TIMELINES: Final = "timelines"
"""The folder of the examples of timelines."""
_IMPORT: Final = re.compile(r"""\bimport(?:str|bin)? ["']([^"']+)["']""")
_HORIZON: Final = re.compile(r"^//.* --timeline (\w+)", re.MULTILINE)
"""Where the comments of an example of timelines have its horizon: in a command."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example template. `description` is its first comment line, without a period.

    An example of timelines has a `horizon`, such as 30m.
    """

    name: str
    description: str
    template: str
    horizon: str | None = None

    @property
    def needs_library(self) -> bool:
        """Whether it imports files of the examples' library."""
        return any(path != BUILT_IN_LIBRARY for path in _IMPORT.findall(self.template))


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
    folder = _folder()
    for file in (*folder.iterdir(), *(folder / _TIMELINES).iterdir()):
        if file.name.endswith(_SUFFIX):
            yield _parsed(file.name.removesuffix(_SUFFIX), file.read_text("utf-8"))


def _parsed(name: str, text: str) -> Example:
    first = text.partition("\n")[0]
    description = first.lstrip("/ ").rstrip(". ") if first.startswith("//") else ""
    horizon = _HORIZON.search(text)
    return Example(name, description, text, horizon and horizon[1])
