"""The mini-language of `std.format`: a text parsed into literal pieces and codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from eventer.core.errors import EvaluationError

SizeSpec: TypeAlias = float | Literal["*"]
"""A width or a precision; `*` is taken from the values."""

_KINDS: Final = {
    **dict.fromkeys("diu", "d"),
    **{letter: letter.lower() for letter in "oxXeEfFgGcs%"},
}
_CACHED: Final = 1_000
"""The longest text whose codes are cached."""

_CODE_STEPS: Final = 4
"""The steps of parsing one conversion, apart from its digits."""

_MEASURES = re.compile(r"[#0\- +]*[0-9]*\.?[0-9]*")


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion. `kind` is one of `doxefgcs%`; `precision` is None if omitted."""

    kind: str
    name: str | None
    width: SizeSpec
    precision: SizeSpec | None
    alternative: bool
    zero: bool
    left: bool
    blank: bool
    plus: bool
    capitals: bool


def parse_codes(text: str, charge: Callable[[int], None]) -> tuple[str | Conversion, ...]:
    """The pieces of a format text; `charge` is called with the steps of a long text in advance.

    Raises:
        EvaluationError: a conversion is cut short or unknown.
    """
    return _remembered(text) if len(text) <= _CACHED else _parse(text, charge)


def _parse(text: str, charge: Callable[[int], None]) -> tuple[str | Conversion, ...]:
    pieces: list[str | Conversion] = []
    start = 0
    while (percent := text.find("%", start)) >= 0:
        if percent > start:
            pieces.append(text[start:percent])
        charge(_CODE_STEPS + _digits_from(text, percent + 1))
        code, start = _code(text, percent + 1)
        pieces.append(code)
    if start < len(text):
        pieces.append(text[start:])
    return tuple(pieces)


@lru_cache(maxsize=256)
def _remembered(text: str) -> tuple[str | Conversion, ...]:
    return _parse(text, lambda _steps: None)


def _digits_from(text: str, start: int) -> int:
    """The number of characters of the flags and numbers of a conversion that starts there."""
    _, at = _name(text, start)
    match = _MEASURES.match(text, at)
    return match.end() - at if match else 0


def _code(text: str, start: int) -> tuple[Conversion, int]:
    """The conversion whose `%` is before `start`, and its end."""
    name, at = _name(text, start)
    flags = set()
    while _at(text, at) in "#0- +":
        flags.add(text[at])
        at += 1
    width, at = _measure(text, at)
    precision: SizeSpec | None = None
    if _at(text, at) == ".":
        precision, at = _measure(text, at + 1)
    if _at(text, at) in "hlL":
        at += 1
    letter = _at(text, at)
    if letter not in _KINDS:
        raise EvaluationError(
            f"unrecognised conversion type: {letter}", hint="write %% for a percent sign"
        )
    code = Conversion(
        kind=_KINDS[letter],
        name=name,
        width=width,
        precision=precision,
        alternative="#" in flags,
        zero="0" in flags,
        left="-" in flags,
        blank=" " in flags,
        plus="+" in flags,
        capitals=letter.isupper(),
    )
    return code, at + 1


def _name(text: str, at: int) -> tuple[str | None, int]:
    """A name in parentheses, or None."""
    if _at(text, at) != "(":
        return None, at
    end = text.find(")", at)
    if end < 0:
        raise _truncated()
    return text[at + 1 : end], end + 1


def _measure(text: str, at: int) -> tuple[SizeSpec, int]:
    """A number or `*`; 0 if omitted."""
    if at < len(text) and text[at] == "*":
        return "*", at + 1
    value = 0.0
    while _at(text, at) in "0123456789":
        value = value * 10.0 + int(text[at])
        at += 1
    return value, at


def _at(text: str, at: int) -> str:
    if at >= len(text):
        raise _truncated()
    return text[at]


def _truncated() -> EvaluationError:
    return EvaluationError("truncated format code", hint="write %% for a percent sign")
