"""Durations as arguments: texts such as `1d12h`, or numbers of seconds."""

from __future__ import annotations

import re
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.duration import (
    LONG_UNITS,
    MAX_DURATION_NS,
    NS_PER_UNIT,
    DurationError,
    parse_duration,
)
from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args

_LONG_UNIT = re.compile(r"(\d+)([dw])", re.ASCII)
_HOURS_OF: Final = {"d": 24, "w": 168}
_MAX_LENGTH: Final = 200
_HOUR: Final = NS_PER_UNIT["h"]
_NS_PER_SECOND: Final = NS_PER_UNIT["s"]
UNITS: Final = "the units are w and d, which come first, then h, m, s, ms, us, ns"
_HINT: Final = f'write text such as "250ms", "1h30m" or "-7d", or a number of seconds; {UNITS}'

Nanoseconds: TypeAlias = int | NDArray[np.int64]


def long_duration(given: str) -> int:
    """A duration in Go's notation, perhaps after whole weeks (`w`) and days (`d`).

    Raises:
        DurationError: it is none, or 2^63 ns or more.
    """
    if len(given) > _MAX_LENGTH:
        raise DurationError(f"a duration has at most {_MAX_LENGTH} characters")
    hours, at = 0, 0
    while match := _LONG_UNIT.match(given, at):
        hours += int(match.group(1)) * _HOURS_OF[match.group(2)]
        at = match.end()
    rest = given[at:]
    total = hours * _HOUR + (parse_duration(rest, units=LONG_UNITS) if rest or not at else 0)
    if total >= MAX_DURATION_NS:
        raise DurationError(f"{given!r} is too long: it must stay below 2^63 ns (292 years)")
    return total


def nanoseconds(function: str, name: str, value: Any) -> Nanoseconds:
    """A duration, which may be negative: text, or a number of seconds per row or for all rows."""
    if isinstance(value, str):
        return _parsed(function, name, value)
    if not isinstance(value, np.ndarray | int | float) or isinstance(value, bool):
        raise EvaluationError(
            f"{function}: {name!r} must be a duration, not {args.shown(value)}", hint=_HINT
        )
    seconds = args.number(function, name, value)
    with np.errstate(over="ignore"):
        exact = np.multiply(seconds, float(_NS_PER_SECOND))
    args.require(
        np.abs(exact) < float(MAX_DURATION_NS),
        lambda row: EvaluationError(
            f"{function}: {name!r} is {args.shown(args.at(seconds, row))} s, more than 292 years",
            hint=_HINT,
        ),
    )
    rounded = np.rint(exact)
    return rounded.astype(np.int64) if isinstance(seconds, np.ndarray) else int(rounded)


def _parsed(function: str, name: str, text: str) -> int:
    given = text.strip()
    sign = -1 if given.startswith("-") else 1
    size = given[1:] if given[:1] in {"+", "-"} and given[1:2] not in {"+", "-"} else given
    try:
        return sign * long_duration(size)
    except DurationError as error:
        raise EvaluationError(f"{function}: {name!r}: {error.reason}", hint=_HINT) from None
