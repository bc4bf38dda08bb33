"""The parts of English sentences, of which every combination makes sense.

Their numbers are powers of two: see `functions/english_text.py`.
"""

from __future__ import annotations

from typing import Final

_SUBJECTS: Final = (
    ("The", "Our", "A new", "Another", "Their", "The second", "One", "The same"),
    (
        "customer manager driver supplier teacher engineer designer neighbour doctor writer "
        "visitor colleague student gardener pilot painter"
    ),
)
_OBJECTS: Final = (
    ("the", "a small", "the old", "the blue", "a heavy", "the broken", "this", "a second"),
    (
        "lamp table camera bicycle letter picture clock suitcase piano map window mirror box "
        "jacket radio chair"
    ),
)
_VERBS: Final = (
    "found sold bought painted photographed described noticed remembered forgot wanted admired "
    "drew inspected chose compared mentioned presented received returned requested showed watched "
    "recommended measured examined repaired cleaned carried lost hid moved replaced"
)
_ENDS: Final = (
    *[""] * 8,
    "yesterday", "last week", "in the morning", "before lunch", "without a word", "after the rain",
    "on Monday", "for a friend", "once more", "at the station", "in the garden", "by mistake",
    "with great care", "for the first time", "at the end of the day", "in less than an hour",
    "during the holidays", "next to the old bridge", "before the meeting", "late in the evening",
    "as soon as possible", "with a smile", "for no reason", "a few days ago",
)  # fmt: skip


def sentence_parts() -> dict[str, list[str]]:
    """The subjects, verbs, objects and ends."""
    return {
        "subjects": _combined(*_SUBJECTS),
        "verbs": _VERBS.split(),
        "objects": _combined(*_OBJECTS),
        "ends": list(_ENDS),
    }


def _combined(firsts: tuple[str, ...], nouns: str) -> list[str]:
    return [f"{first} {noun}" for first in firsts for noun in nouns.split()]
