"""What a plan may hold. Beyond these a row goes to the interpreter, or a template does."""

from __future__ import annotations

from typing import Final

MAX_LIST: Final = 10_000
"""Elements of one list in one event; an event with a longer one is made by the interpreter."""
MAX_ELEMENTS: Final = 4_000_000
"""Rows that all domains of a batch may have together."""
