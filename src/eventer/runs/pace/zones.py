"""Time zones from the package `tzdata`, and the periods of constant offset from UTC.

The zones of the machine are not used: due times must be the same on every machine. Instants are
seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from eventer.core.errors import RequestError
from eventer.core.suggestions import did_you_mean

DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001  a zone is attached to it


class OffsetPeriod(NamedTuple):
    """A range of time in which local time is UTC plus `offset` seconds."""

    start: int
    end: int
    offset: int


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """The names of all zones."""
    return frozenset((files("tzdata") / "zones").read_text("ascii").split())


@lru_cache(maxsize=64)
def load_zone(name: str) -> ZoneInfo:
    """The zone of a name such as `Europe/Berlin`.

    Raises:
        RequestError: there is no zone of this name.
    """
    if name not in zone_names():
        hint = did_you_mean(name, zone_names()) or "use a name such as Europe/Berlin, or UTC"
        error = RequestError(f"unknown time zone {name[:100]!r}")
        error.hint = hint
        raise error
    with (files("tzdata") / "zoneinfo").joinpath(*name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


@lru_cache(maxsize=4096)
def offset_at(zone: ZoneInfo, second: int) -> int:
    """Seconds by which the local time is ahead of UTC."""
    local = zone.fromutc((_EPOCH + timedelta(seconds=second)).replace(tzinfo=zone))
    offset = local.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def offset_periods(zone: ZoneInfo, first_day: int, end_day: int) -> list[OffsetPeriod]:
    """The periods of the UTC days [first_day, end_day), each with at most one change of offset."""
    found: list[OffsetPeriod] = []
    for day in range(first_day, end_day):
        for period in _day_offset_periods(zone, day * DAY):
            if found and found[-1].offset == period.offset:
                found[-1] = found[-1]._replace(end=period.end)
            else:
                found.append(period)
    return found


def _day_offset_periods(zone: ZoneInfo, start: int) -> Iterator[OffsetPeriod]:
    end = start + DAY
    before, after = offset_at(zone, start), offset_at(zone, end)
    if before == after:
        yield OffsetPeriod(start, end, before)
        return
    low, high = start, end
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset_at(zone, middle) == before else (low, middle)
    yield OffsetPeriod(start, high, before)
    if high < end:
        yield OffsetPeriod(high, end, after)
