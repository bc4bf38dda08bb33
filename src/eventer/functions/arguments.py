"""Checks the types of arguments; errors say what is expected."""

from __future__ import annotations

import math
from typing import Final

from eventer.core.errors import EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue

_MAX_SHOWN: Final = 40


def text(function: str, name: str, value: JsonValue) -> str:
    """A string argument."""
    if isinstance(value, str):
        return value
    raise EvaluationError(
        f"{function}: {name!r} must be text, not {shown(value)}",
        hint='write it in quotes, such as "abc"',
    )


def number(function: str, name: str, value: JsonValue) -> float:
    """A finite number argument."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    hint = "write it without quotes" if isinstance(value, str) else "write a number, such as 10"
    raise EvaluationError(
        f"{function}: {name!r} must be a number, not {shown(value)}",
        hint=hint,
    )


def whole(function: str, name: str, value: JsonValue) -> int:
    """A whole number argument."""
    found = number(function, name, value)
    if found.is_integer():
        return int(found)
    raise EvaluationError(
        f"{function}: {name!r} must be a whole number, not {shown(value)}",
        hint="round it, or call get_number for numbers with a fraction",
    )


def check_order(function: str, low: float, high: float) -> None:
    """Refuses a range whose low end is above its high end."""
    if low > high:
        raise EvaluationError(
            f"{function}: 'lo' is {shown(low)}, which is above 'hi', {shown(high)}",
            hint="give the lower end first",
        )


def shown(value: JsonValue) -> str:
    """A value in an error message: its JSON text, truncated if long."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    whole_text = json_text(value)
    return whole_text if len(whole_text) <= _MAX_SHOWN else whole_text[: _MAX_SHOWN - 1] + "…"
