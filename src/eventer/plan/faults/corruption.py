"""Values and texts that are wrong in realistic ways. Pure: the word of a draw chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from eventer.core.json_text import json_text
from eventer.core.model import JsonValue

WRONG_TYPE: Final = "wrong_type"
TRUNCATED: Final = "truncated"
IMPOSSIBLE_DATE: Final = "impossible_date"
EXTRA_BRACE: Final = "extra_brace"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR_LENGTH: Final = 5
_DATE_LENGTH: Final = 10
_IMPOSSIBLE_DAYS: Final = ("02-30", "04-31", "00-15", "13-01", "11-00")
_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1
_MAX_TEXT: Final = 64
"""Characters of the text that takes the place of an object: it may be large."""


class Choices:
    """Choices that are made with the bits of one word, from the highest on."""

    __slots__ = ("_word",)

    def __init__(self, word: int) -> None:
        self._word = word

    def below(self, size: int) -> int:
        """A number in [0, size), for sizes whose product is far below 2^64."""
        product = self._word * size
        self._word = product & _MASK
        return product >> _BITS


def corrupted(
    value: JsonValue, choices: Choices, *, keep_text: bool
) -> tuple[str, JsonValue] | None:
    """The name of a change, and the changed value; None if the value cannot be corrupted.

    With `keep_text`, a text stays a text: a column of this type takes no other value.
    """
    ways = _ways(value, keep_text=keep_text)
    if not ways:
        return None
    way = ways[choices.below(len(ways))]
    if way == WRONG_TYPE:
        types = _other_types(value)
        return way, _of_type(types[choices.below(len(types))], value)
    assert isinstance(value, str)
    if way == TRUNCATED:
        return way, value[: choices.below(len(value))]
    day = _IMPOSSIBLE_DAYS[choices.below(len(_IMPOSSIBLE_DAYS))]
    return way, value[:_YEAR_LENGTH] + day + value[_DATE_LENGTH:]


def _ways(value: JsonValue, *, keep_text: bool) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, str):
        return [WRONG_TYPE]
    ways = [] if keep_text else [WRONG_TYPE]
    if value:
        ways.append(TRUNCATED)
    if _DATE.match(value):
        ways.append(IMPOSSIBLE_DATE)
    return ways


def _other_types(value: JsonValue) -> tuple[str, ...]:
    """The types that a value, which is not null, does not have."""
    if isinstance(value, bool):
        return ("text", "number", "array", "object")
    if isinstance(value, int | float):
        return ("text", "boolean", "array", "object")
    if isinstance(value, str):
        return ("number", "boolean", "array", "object")
    if isinstance(value, Mapping):
        return ("text", "number", "boolean", "array")
    return ("text", "number", "boolean", "object")


def _of_type(name: str, value: JsonValue) -> JsonValue:
    """A value of that type, made of a value of another type."""
    match name:
        case "text":
            return json_text(value)[:_MAX_TEXT]
        case "number":
            return 0
        case "boolean":
            return True
        case "array":
            return [value]
        case _:
            return {"value": value}


def malformed(text: str, choices: Choices) -> tuple[str, str]:
    """The name of a change of a JSON text, and a text that is not JSON."""
    ways = [EXTRA_BRACE, TRUNCATED] if text[0] in '{["' else [EXTRA_BRACE]
    way = ways[choices.below(len(ways))]
    if way == EXTRA_BRACE:
        return way, text + "}"
    return way, text[: 1 + choices.below(len(text) - 1)]
