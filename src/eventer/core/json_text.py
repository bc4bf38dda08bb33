"""Canonical JSON text: compact, keys by code point, numbers and escapes as in RFC 8785."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from eventer.core.model import JsonValue

_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_EXPONENT_FROM: Final = 21
_EXPONENT_BELOW: Final = -6


def number_text(value: float) -> str:
    """The shortest digits that parse to the same double, in ECMAScript's format.

    Source: RFC 8785 §3.2.2.3 (ECMA-262, Number::toString). Negative zero is `0`.

    Raises:
        ValueError: NaN or infinite.
    """
    if isinstance(value, int):
        value = float(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a JSON number")
    whole = int(value)
    if whole == value and -(1 << 53) <= whole <= 1 << 53:
        return str(whole)
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    left, _, right = mantissa.partition(".")
    right = right.rstrip("0")
    digits = (left + right).lstrip("0")
    point = len(left) + int(exponent or "0") - (len(left + right) - len(digits))
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    """Digits with the decimal point after the first `point` ones; `point` may be negative."""
    if _EXPONENT_BELOW < point <= _EXPONENT_FROM:
        if point <= 0:
            return "0." + "0" * -point + digits
        if point >= len(digits):
            return digits + "0" * (point - len(digits))
        return digits[:point] + "." + digits[point:]
    exponent = point - 1
    head = digits if len(digits) == 1 else digits[0] + "." + digits[1:]
    return f"{head}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def string_text(value: str) -> str:
    """A quoted string: short escapes where JSON has them, hexadecimal ones for other controls."""
    return '"' + _ESCAPED.sub(escape, value) + '"'


def escape(match: re.Match[str]) -> str:
    """The escape of a matched character: the short one if it exists, else hexadecimal."""
    character = match.group()
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"


def json_text(value: JsonValue) -> str:
    """The canonical JSON text of a value. All numbers are treated as doubles.

    Raises:
        ValueError: a number is not finite.
    """
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return string_text(value)
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, Mapping):
        items = (f"{string_text(key)}:{json_text(value[key])}" for key in sorted(value))
        return "{" + ",".join(items) + "}"
    return "[" + ",".join(map(json_text, value)) + "]"
