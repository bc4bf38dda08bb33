import pytest

from eventer.core.errors import RequestError
from eventer.runs.pacing import END
from eventer.service.run_schedule import (
    PacedTimetable,
    ScheduleOptions,
    UnpacedTimetable,
    schedule,
)

NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000


def test_without_a_pace_everything_is_due_at_once_and_scheduled_now():
    made = schedule(ScheduleOptions(), NOW)
    assert made.timetable == UnpacedTimetable(NOW)
    assert (made.limit, made.duration_ns, made.shift) == (END, None, None)
    assert made.timetable.due_end(0) == END
    assert made.timetable.due_at(5) == 0
    assert list(made.timetable.scheduled(7, 3)) == [NOW] * 3


def test_without_a_pace_time_ends_it_and_at_says_when_events_are():
    made = schedule(ScheduleOptions(duration="1.5s", max_events=9, at=42), NOW)
    assert (made.limit, made.duration_ns) == (9, 1_500_000_000)
    assert list(made.timetable.scheduled(0, 1)) == [42]


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        (ScheduleOptions(rate="500/s", duration="10s"), 5000),
        (ScheduleOptions(rate="7/s", duration="1s"), 7),
        (ScheduleOptions(rate="7/s", duration="1.001s"), 8),
        (ScheduleOptions(count=3, interval="10s", duration="10s"), 3),
        (ScheduleOptions(count=3, interval="10s", duration="1ns"), 3),
        (ScheduleOptions(interval="1s", duration="3s"), 3),
        (ScheduleOptions(rate="500/s", duration="10s", max_events=10), 10),
        (ScheduleOptions(rate="1/s", max_events=10), 10),
        (ScheduleOptions(rate="1/s"), END),
    ],
)
def test_a_pace_is_ended_by_a_number_of_events(asked, limit):
    made = schedule(asked, NOW)
    assert (made.limit, made.duration_ns) == (limit, None)
    assert made.shift == 0
    assert made.began(NOW + 1) == NOW


def test_at_shifts_what_is_shown_and_not_what_is_due():
    made = schedule(ScheduleOptions(count=2, interval="1s", at=0), NOW)
    assert isinstance(made.timetable, PacedTimetable)
    assert made.timetable.due_end(NOW) == 2
    assert made.timetable.due_at(2) == NOW + SECOND
    assert list(made.timetable.scheduled(1, 3)) == [0, SECOND, SECOND]
    assert made.shift == -NOW


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ScheduleOptions(rate="1/s", count=2), "--rate cannot be combined"),
        (ScheduleOptions(rate="1/s", interval="1s"), "--rate cannot be combined"),
        (ScheduleOptions(rate="fast"), "'fast' is not a rate"),
        (ScheduleOptions(count=2), "--max-events"),
        (ScheduleOptions(interval="0s"), "--interval 0s: must be greater than zero"),
        (ScheduleOptions(duration="-1s"), "--duration -1s: must be greater than zero"),
        (ScheduleOptions(duration="10"), "has no unit"),
    ],
)
def test_options_that_cannot_be_combined(asked, said):
    with pytest.raises(RequestError, match=said):
        schedule(asked, NOW)
