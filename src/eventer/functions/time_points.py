"""Parses the ends of a time range: dates, date-times with offsets, and `now` with offsets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from eventer.core.duration import NS_PER_UNIT, DurationError
from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.arguments import shown, text
from eventer.functions.calendar import EPOCH, FIRST_SECOND, LAST_SECOND, NS_PER_SECOND
from eventer.functions.durations import UNITS, long_duration

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_TIME = re.compile(
    r"[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)? ?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?",
    re.ASCII,
)
_STEP_HINT: Final = f'write it as "1h", "15m" or "1d"; {UNITS}'
_RANGES: Final = {
    "year": (1, 9999), "month": (1, 12), "day": (1, 31),
    "hour": (0, 23), "minute": (0, 59), "second": (0, 59),
}  # fmt: skip
_HOUR: Final = NS_PER_UNIT["h"]
_MINUTE: Final = NS_PER_UNIT["m"]
_POINT_HINT: Final = (
    'write a date ("2021-12-01"), a date and time ("2021-12-01T10:30:00Z", "…+03:00"), or "now" '
    f'with an offset ("now-7d", "now+1h30m"; {UNITS})'
)

_INSTANT_HINT: Final = (
    'write a date ("2026-01-01"), or a date and time ("2026-01-01T06:00:00Z", "…+03:00")'
)


@dataclass(frozen=True, slots=True)
class TimePoint:
    """An instant: nanoseconds since 1970, or since `now`."""

    ns: int
    relative: bool


def parse_instant(function: str, name: str, value: JsonValue) -> int:
    """A fixed time in nanoseconds since 1970.

    Raises:
        EvaluationError: the value is not one.
    """
    given = text(function, name, value)
    try:
        point = parse_point(name, given)
    except EvaluationError as error:
        reason = error.message.partition(", which ")[2] or "is not a fixed time"
        raise _not_fixed(function, name, given, f"which {reason}") from None
    if point.relative:
        raise _not_fixed(function, name, given, "which is not a fixed time")
    return point.ns


def _not_fixed(function: str, name: str, given: str, reason: str) -> EvaluationError:
    return EvaluationError(f"{function}: {name!r} is {shown(given)}, {reason}", hint=_INSTANT_HINT)


def parse_point(name: str, value: JsonValue) -> TimePoint:
    """An end of a range.

    Raises:
        EvaluationError: the value is not a point in time.
    """
    given = text("get_timestamp", name, value).strip()
    if given.startswith("now"):
        return TimePoint(_offset(name, given), relative=True)
    ns = _instant(name, given)
    if not FIRST_SECOND * NS_PER_SECOND <= ns < (LAST_SECOND + 1) * NS_PER_SECOND:
        raise EvaluationError(
            f"get_timestamp: {name!r} is {shown(given)}, which is outside the years 1 to 9999 in "
            "UTC",
            hint=_POINT_HINT,
        )
    return TimePoint(ns, relative=False)


def parse_step(value: JsonValue) -> int:
    """The distance of a grid in nanoseconds.

    Raises:
        EvaluationError: the value is not a duration greater than zero.
    """
    given = text("get_timestamp", "step", value).strip()
    try:
        step = long_duration(given)
    except DurationError as error:
        raise EvaluationError(f"get_timestamp: 'step': {error.reason}", hint=_STEP_HINT) from None
    if step <= 0:
        raise EvaluationError(
            f"get_timestamp: 'step' must be greater than zero, not {shown(given)}",
            hint=_STEP_HINT,
        )
    return step


def _offset(name: str, given: str) -> int:
    rest = given.removeprefix("now").replace(" ", "")
    if not rest:
        return 0
    if rest[0] not in "+-" or rest[1:2] in {"+", "-", ""}:
        raise _no_point(name, given)
    try:
        distance = long_duration(rest[1:])
    except DurationError as error:
        raise EvaluationError(
            f"get_timestamp: {name!r} is {shown(given)}: {error.reason}", hint=_POINT_HINT
        ) from None
    return -distance if rest[0] == "-" else distance


def _instant(name: str, given: str) -> int:
    date = _DATE.match(given)
    time = _TIME.fullmatch(given, date.end()) if date else None
    if date is None or (time is None and date.end() != len(given)):
        raise _no_point(name, given)
    clock = time.group(1, 2, 3) if time else ()
    parts = [int(part or 0) for part in (*date.groups(), *clock)]
    try:
        moment = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # at most six numbers
    except ValueError:
        raise _no_point(name, given, f": {_missing_part(parts)}") from None
    elapsed = moment - EPOCH
    ns = (elapsed.days * 86_400 + elapsed.seconds) * NS_PER_SECOND + _fraction(time)
    return ns - (_zone(name, given, time) if time else 0)


def _missing_part(parts: Sequence[int]) -> str:
    """Why a date and a time of day do not exist."""
    for part, value, (least, most) in zip(_RANGES, parts, _RANGES.values(), strict=False):
        if not least <= value <= most:
            return f"{part} {value} does not exist"
    return f"month {parts[1]} has no day {parts[2]}"


def _fraction(time: re.Match[str] | None) -> int:
    return int((time.group(4) or "").ljust(9, "0")) if time else 0


def _zone(name: str, given: str, time: re.Match[str]) -> int:
    """The offset from UTC in nanoseconds; a time without one is in UTC."""
    sign, hours, minutes = time.group(6, 7, 8)
    if sign is None:
        return 0
    if int(hours) > 23 or int(minutes) > 59:
        raise _no_point(name, given)
    distance = int(hours) * _HOUR + int(minutes) * _MINUTE
    return -distance if sign == "-" else distance


def _no_point(name: str, given: str, reason: str = "") -> EvaluationError:
    return EvaluationError(
        f"get_timestamp: {name!r} is {shown(given)}, which is not a valid time{reason}",
        hint=_POINT_HINT,
    )
