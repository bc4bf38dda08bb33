"""The standard library of Jsonnet, a family a file.

A family declares its functions by being imported; see `registry.py` for how.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

FAMILIES: Final[tuple[str, ...]] = (
    "arrays",
    "escapes",
    "format",
    "encodings",
    "manifest_json",
    "manifest_text",
    "manifest_toml",
    "manifest_yaml",
    "mathematics",
    "objects",
    "parse",
    "sets",
    "strings",
    "types",
    "external",
)
"""The modules of this package that declare functions."""


def load() -> None:
    """Imports all families, so that `registry.FUNCTIONS` is complete."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
