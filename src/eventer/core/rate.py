"""Rates as text, such as `500/s`."""

from __future__ import annotations

import re
from fractions import Fraction
from math import gcd
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import RequestError
from eventer.core.pace import EventRate

_LIMIT: Final = 1 << 63
_MAX_LENGTH: Final = 100
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kKM]?)(?:/(s|m|h))?")
_SCALES: Final = {"": 1, "k": 1_000, "K": 1_000, "M": 1_000_000}
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600}


def parse_rate(text: str, *, zero: bool = False) -> EventRate:
    """The exact rate of a text such as `5k/s`, `100/m` or `0.5`; `zero` accepts a rate of zero.

    Raises:
        RequestError: the text is not a rate, or the rate is zero or out of range.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None or len(text) > _MAX_LENGTH:
        text = text[:_MAX_LENGTH]
        raise RequestError(f"{text!r} is not a rate: write it like 5k/s, 100/m or 0.5/s")
    number, scale, unit = match.groups()
    whole, _, fraction = number.partition(".")
    events = int(whole + fraction) * _SCALES[scale]
    period = _SECONDS[unit or "s"] * NS_PER_SECOND * 10 ** len(fraction)
    if events == 0 and not zero:
        raise RequestError(f"the rate {text!r} must be greater than zero")
    common = gcd(events, period)
    rate = EventRate(events // common, period // common)
    if max(rate) >= _LIMIT:
        raise RequestError(f"the rate {text!r} is out of range")
    return rate


def format_rate(rate: EventRate) -> str:
    """A text that parses to the rate, with a whole number if there is one."""
    values = [(unit, rate.per_ns * NS_PER_SECOND * seconds) for unit, seconds in _SECONDS.items()]
    whole = [f"{value.numerator}/{unit}" for unit, value in values if value.denominator == 1]
    return whole[0] if whole else next(filter(None, (_decimal(v, u) for u, v in values)))


def _decimal(value: Fraction, unit: str) -> str | None:
    """The value as a decimal number per unit; None if it has no end."""
    digits = 0
    while digits <= _MAX_LENGTH and (value * 10**digits).denominator != 1:
        digits += 1
    if digits > _MAX_LENGTH:
        return None
    text = str((value * 10**digits).numerator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}/{unit}"
