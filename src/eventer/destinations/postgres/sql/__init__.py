"""The constant statements, one per file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """The text of `name`.sql."""
    return (files(__name__) / f"{name}.sql").read_text(encoding="utf-8")
