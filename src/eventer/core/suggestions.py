"""Near names: what a misspelt name may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 200
"""Characters; comparing takes time that grows faster than the name."""


def closest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a misspelt one, or None where none is near."""
    if len(name) > _LONGEST:
        return None
    matches = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint naming the nearest known name, or None."""
    closest = closest_name(name, known)
    return f"did you mean {closest!r}?" if closest else None
