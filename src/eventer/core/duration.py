"""Durations in Go's notation (`time.ParseDuration`): decimal numbers with units."""

from __future__ import annotations

import re
from typing import Final

from eventer.core.errors import RequestError

MICRO_SIGN: Final = "\u00b5"
GREEK_MU: Final = "\u03bc"
MAX_DURATION_NS: Final = 1 << 63
_MAX_TEXT_LENGTH: Final = 100

NS_PER_UNIT: Final = {
    "ns": 1,
    "us": 1_000,
    MICRO_SIGN + "s": 1_000,
    GREEK_MU + "s": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}

UNITS: Final = "h, m, s, ms, us, ns"
LONG_UNITS: Final = f"whole w, then whole d, then {UNITS}"
"""The units where weeks and days may come first: `1w2d3h`."""

_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.+-]*)")
_HINT = 'write a number and a unit, such as "10s", "1h30m" or "250ms"'


class DurationError(RequestError):
    """A text is not a duration; `reason` is the message without what to do."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason}: {advice}" if advice else reason)
        self.reason = reason


def parse_duration(text: str, *, units: str = UNITS) -> int:
    """Nanoseconds of a duration such as `1h30m` or `-1.5s`, rounded toward zero.

    `units` are those that the message about an unknown one lists.

    Raises:
        DurationError: number or unit missing, unknown unit, or 2^63 ns or more.
    """
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if not body or len(body) > _MAX_TEXT_LENGTH:
        raise DurationError(f"{text[:_MAX_TEXT_LENGTH]!r} is not a duration", _HINT)
    if body == "0":
        return 0
    total, at = 0, 0
    while at < len(body):
        match = _PART.match(body, at)
        if match is None or match.end() == at:
            raise DurationError(f"{text!r} is not a duration", _HINT)
        total += _part_ns(text, match, units)
        at = match.end()
    if total >= MAX_DURATION_NS:
        raise DurationError(f"duration {text!r} must be less than 2^63 ns (292 years)")
    return sign * total


def parse_positive_duration(text: str) -> int:
    """Nanoseconds of a duration, at least one: an interval, a length.

    Raises:
        DurationError: it is not a duration, or not greater than zero.
    """
    nanoseconds = parse_duration(text)
    if nanoseconds <= 0:
        raise DurationError("must be greater than zero")
    return nanoseconds


def _part_ns(text: str, match: re.Match[str], units: str) -> int:
    whole, fraction, unit = match.group(1), match.group(2) or "", match.group(3)
    if not whole and not fraction:
        raise DurationError(f"{text!r} is not a duration", _HINT)
    if not unit:
        raise DurationError(f"duration {text!r} has no unit", _HINT)
    if unit not in NS_PER_UNIT:
        reason = f"duration {text!r} has the unknown unit {unit!r}"
        raise DurationError(reason, f"use {units}")
    scale = NS_PER_UNIT[unit]
    numerator, denominator = int(fraction or "0") * scale, int("1" + "0" * len(fraction))
    return int(whole or "0") * scale + numerator // denominator


def format_duration(nanoseconds: int) -> str:
    """The shortest sequence of whole units that parses to the same duration."""
    if nanoseconds == 0:
        return "0s"
    sign, rest, parts = "-" if nanoseconds < 0 else "", abs(nanoseconds), []
    for unit in ("h", "m", "s", "ms", "us", "ns"):
        count, rest = divmod(rest, NS_PER_UNIT[unit])
        if count:
            parts.append(f"{count}{unit}")
    return sign + "".join(parts)
