"""Suggestions for misspelled names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 200
"""Characters. Comparison time grows faster than the length."""


def closest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name most similar to a misspelled one, also in another case, or None."""
    if len(name) > _LONGEST:
        return None
    names = list(known)
    folded = name.casefold()
    if same := next((each for each in names if each.casefold() == folded), None):
        return same
    matches = get_close_matches(name, names, n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint with the most similar known name, or None."""
    closest = closest_name(name, known)
    return f"did you mean {closest!r}?" if closest else None
