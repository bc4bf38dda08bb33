"""Firings of cron expressions, with the library's iterator as the judge."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from eventer.core.errors import RequestError
from eventer.core.model import Segment
from eventer.core.pace import Cron, PaceSpec
from eventer.runs.pace.firings import Firings, parse_cron
from eventer.runs.pacing import Pace
from tests.families import family

SECOND = 1_000_000_000

EXPRESSIONS = [
    "* * * * *",
    "*/20 * * * *",
    "0 * * * *",
    "30 2 * * *",
    "0,30 2 * * *",
    "0 2,3 * * *",
    "15 */4 * * *",
    "59 23 L * *",
    "0 9 * * MON-FRI",
    "0 0 13 * FRI",
]


def firings(expression: str, zone: str, begin: datetime, count: int) -> list[datetime]:
    pace = Pace([Segment(int(begin.timestamp()) * SECOND, 0, PaceSpec(Cron(expression, zone)))])
    times = pace.scheduled(0, count).tolist()
    assert times == [pace.due_at(k) for k in range(count)]
    return [datetime.fromtimestamp(time // SECOND, UTC) for time in times]


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 4 * 365 * 86_400).map(
        lambda s: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(0, s)
    ),
)
@settings(max_examples=15)
def test_the_same_as_the_library(expression: str, zone: str, begin: datetime) -> None:
    from_ = (begin - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    expected = [d.astimezone(UTC) for d in islice(CronSim(expression, from_), 5)]
    assert firings(expression, zone, begin, 5) == expected


@family("expression", EXPRESSIONS[:7])
@family("day", ["2026-03-28", "2026-10-24"])
def test_the_same_as_the_library_when_the_clock_changes(expression: str, day: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=zone)
    until = begin + timedelta(days=2)
    found = CronSim(expression, begin - timedelta(seconds=1))
    expected = []
    for each in found:
        if each > until:
            break
        expected.append(each.astimezone(UTC))
    assert firings(expression, zone.key, begin, len(expected)) == expected


def test_a_skipped_time_fires_at_the_end_of_the_gap_and_a_repeated_one_once() -> None:
    def local(expression: str, begin: str, count: int) -> list[str]:
        zone = ZoneInfo("Europe/Berlin")
        start = datetime.fromisoformat(begin).replace(tzinfo=zone)
        found = firings(expression, zone.key, start, count)
        return [each.astimezone(zone).strftime("%d %H:%M%z") for each in found]

    assert local("30 2 * * *", "2026-03-28T12:00:00", 2) == ["29 03:00+0200", "30 02:30+0200"]
    assert local("0,30 2,3 * * *", "2026-03-29T00:00:00", 2) == ["29 03:00+0200", "29 03:30+0200"]
    assert local("30 2 * * *", "2026-10-24T12:00:00", 2) == ["25 02:30+0200", "26 02:30+0100"]


def test_a_repeated_time_fires_once_far_from_greenwich() -> None:
    zone = ZoneInfo("Pacific/Apia")
    begin = datetime(2019, 4, 6, 12, tzinfo=UTC)
    expected = [
        d.astimezone(UTC)
        for d in islice(CronSim("30 3 * * *", (begin - timedelta(seconds=1)).astimezone(zone)), 3)
    ]
    assert firings("30 3 * * *", zone.key, begin, 3) == expected


def test_count_events_at_each_firing_and_none_between() -> None:
    begin = int(datetime(2026, 1, 1, 0, 30, tzinfo=UTC).timestamp()) * SECOND
    pace = Pace([Segment(begin, 10, PaceSpec(Cron("0 * * * *", count=3)))])
    assert pace.due_end(begin) == 10
    assert pace.due_end(begin + 1_800 * SECOND - 1) == 10
    assert pace.due_end(begin + 1_800 * SECOND) == 13
    assert [pace.due_at(i) - begin for i in (10, 12, 13)] == [
        1_800 * SECOND,
        1_800 * SECOND,
        5_400 * SECOND,
    ]


@family(
    ("expression", "said"),
    [
        ("* * * *", "must have five fields"),
        ("0 0 9 * * MON", "must have five fields"),
        ("61 * * * *", "the minute is wrong"),
        ("0 9 * * XYZ", "the day-of-week is wrong"),
        ("0 0 32 2 *", "day-of-month is wrong"),
        ("0 0 31 2 *", "never fires"),
        ("0 0 31 4,6 *", "never fires"),
        ("0 0 */31 4 MON#5", "never fires"),
    ],
)
def test_expressions_that_are_refused(expression: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        parse_cron(expression)


@family("expression", EXPRESSIONS)
@family("zone", ["Europe/Berlin", "Asia/Kolkata", "America/St_Johns"])
def test_days_are_counted_as_they_are_listed(expression: str, zone: str) -> None:
    firings = Firings(Cron(expression, zone))
    days = [*range(20_510, 20_560), *range(20_740, 20_770)]
    assert [firings.count(day) for day in days] == [len(firings.of_day(day)) for day in days]
