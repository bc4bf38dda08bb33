"""Instants as RFC 3339 text and as ns since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from eventer.core.duration import LONG_UNITS, DurationError, parse_duration
from eventer.core.errors import RequestError

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d))?"
)
_MOMENT = re.compile(r"now(?:([+-])(?=.)(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?([0-9.].*)?)?")
_DAY_NS = 86_400_000_000_000
_INT64_LIMIT = 1 << 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC_EPOCH = _EPOCH.replace(tzinfo=None)  # formatted in half the time


def parse_instant(text: str) -> int:
    """Nanoseconds since 1970 of `2021-12-01T10:30:00Z`; a date alone is midnight in UTC.

    Raises:
        RequestError: another format, a day or hour that does not exist, or beyond 64-bit ns.
    """
    match = _RFC3339.fullmatch(text.strip())
    if match is None:
        raise RequestError(f'{text!r} is not an instant: write it as "2021-12-01T10:30:00Z"')
    date, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone is None or zone in "Zz" else zone
    try:
        instant = datetime.fromisoformat(f"{date}T{clock or '00:00'}{offset}")
        whole = (instant - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        raise RequestError(f"{text!r} is not an instant: the day or time does not exist") from None
    nanoseconds = whole + int((fraction or "").ljust(9, "0"))
    if not -_INT64_LIMIT <= nanoseconds < _INT64_LIMIT:
        raise RequestError(f"{text!r} must be between the years 1678 and 2262")
    return nanoseconds


def parse_moment(text: str, now: int) -> int:
    """The instant of a text as in `parse_instant`, or of `now`, `now-7d`, `now+1h30m`.

    Offsets are durations in Go's notation, perhaps after whole weeks (`w`) and days (`d`).

    Raises:
        RequestError: another format, or an instant before 1970 or after 2262.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        instant = _absolute(text)
    else:
        sign, weeks, days, rest = match.groups()
        try:
            offset = parse_duration(rest, units=LONG_UNITS) if rest else 0
        except DurationError as error:
            raise RequestError(f"{text[:100]!r} is not an instant: {error.message}") from error
        offset += (int(weeks or 0) * 7 + int(days or 0)) * _DAY_NS
        instant = now - offset if sign == "-" else now + offset
    if not 0 <= instant < _INT64_LIMIT:
        raise RequestError(f"{text[:100]!r} must be between the years 1970 and 2262")
    return instant


def _absolute(text: str) -> int:
    if _RFC3339.fullmatch(text.strip()) is None:
        written = 'write it as "2021-12-01T10:30:00Z" or "now-7d"'
        raise RequestError(f"{text[:100]!r} is not an instant: {written}")
    return parse_instant(text)


def format_instant(nanoseconds: int) -> str:
    """The instant in UTC with microseconds, as `2021-12-01T10:30:00.000000Z`."""
    instant = _UTC_EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return instant.isoformat(timespec="microseconds") + "Z"
