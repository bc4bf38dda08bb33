"""The standard library of Jsonnet, one file per family of functions.

Importing a family declares its functions (`declarations.py`).
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
    """Imports all families: `declarations.FUNCTIONS` is complete."""
    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
