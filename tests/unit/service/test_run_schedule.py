from fractions import Fraction

import pytest

from eventer.core.errors import RequestError
from eventer.core.pace import EventRate, Profile, Stage, Stages, Steady
from eventer.core.rate import parse_rate
from eventer.core.timelines import TimelineSpec
from eventer.runs.pacing import END
from eventer.service.run_schedule import (
    PacedTimetable,
    ScheduleOptions,
    UnpacedTimetable,
    schedule,
    step_schedule,
)
from tests.families import family
from tests.unit.runs.timelines.random_timelines import RandomTimelines

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


@family(
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


@family(
    ("asked", "said"),
    [
        (ScheduleOptions(rate="1/s", count=2), "--rate cannot be combined"),
        (ScheduleOptions(rate="1/s", interval="1s"), "--rate cannot be combined"),
        (ScheduleOptions(rate="fast"), "'fast' is not a rate"),
        (ScheduleOptions(count=2), "--max-events"),
        (ScheduleOptions(interval="0s"), "--interval 0s: must be greater than zero"),
        (ScheduleOptions(duration="-1s"), "--duration -1s: must be greater than zero"),
        (ScheduleOptions(duration="10"), "has no unit"),
        (ScheduleOptions(fast=True), "--fast needs a pace: --rate, --interval or --stages"),
    ],
)
def test_options_that_cannot_be_combined(asked, said):
    with pytest.raises(RequestError, match=said):
        schedule(asked, NOW)


def rate(events):
    return parse_rate(f"{events}/s")


STAGES = "100/s for 1m, to 1k/s for 5m, 0 for 10s"


@family(
    ("asked", "shape"),
    [
        (ScheduleOptions(rate="7/s"), Steady(rate(7))),
        (
            ScheduleOptions(stages=STAGES),
            Stages(
                (
                    Stage(rate(100), rate(100), 60 * SECOND),
                    Stage(rate(100), rate(1000), 300 * SECOND),
                    Stage(EventRate(0, 1), EventRate(0, 1), 10 * SECOND),
                )
            ),
        ),
        (
            ScheduleOptions(stages="to 5/s for 1s,repeat"),
            Stages((Stage(EventRate(0, 1), rate(5), SECOND),), None),
        ),
        (
            ScheduleOptions(stages="5/s for 1s, repeat 3"),
            Stages((Stage(rate(5), rate(5), SECOND),), 3),
        ),
        (
            ScheduleOptions(rate="5/s", profile="0,1.5 " * 12, timezone="Asia/Tokyo"),
            Profile(rate(5), (Fraction(0), Fraction(3, 2)) * 12, "Asia/Tokyo"),
        ),
    ],
)
def test_paces_of_every_kind(asked, shape):
    made = schedule(asked, NOW)
    assert isinstance(made.timetable, PacedTimetable)
    assert made.timetable.pace.segments[0].pace.shape == shape


def test_the_end_of_stages_and_an_instant_end_a_run():
    assert schedule(ScheduleOptions(stages="5/s for 2s, repeat 3"), NOW).limit == 30
    assert schedule(ScheduleOptions(rate="5/s", end="now+10s"), NOW).limit == 50
    assert schedule(ScheduleOptions(rate="5/s", start="now-1m", end="now"), NOW).limit == 300


def test_a_start_in_the_past_is_delivered_first_and_is_not_late():
    made = schedule(ScheduleOptions(rate="5/s", start="now-1m", duration="10s"), NOW)
    assert made.limit == 350
    assert made.timetable.due_at(0) == NOW - 60 * SECOND
    assert made.timetable.due_end(NOW) == 301
    assert (made.began(NOW), made.live_from) == (NOW, NOW)
    assert made.progress(200, NOW, NOW + SECOND) is None


def test_progress_is_how_far_the_run_is_along_its_schedule():
    made = schedule(ScheduleOptions(rate="10/s", duration="10s"), NOW)
    assert made.progress(100, NOW, NOW + 10 * SECOND) == 1
    assert made.progress(100, NOW, NOW + 20 * SECOND) == 0.5
    assert made.progress(0, NOW, NOW + 20 * SECOND) is None
    assert schedule(ScheduleOptions(), NOW).progress(5, NOW, NOW + 1) is None


def test_random_arrivals_have_the_draw_key():
    made = schedule(ScheduleOptions(rate="10/s", arrivals="random"), NOW, draw_key=5)
    other = schedule(ScheduleOptions(rate="10/s", arrivals="random"), NOW, draw_key=6)
    assert list(made.timetable.scheduled(0, 9)) != list(other.timetable.scheduled(0, 9))
    assert made.timetable.pace.segments[0].draw_key == 5


@family(
    ("asked", "said"),
    [
        (ScheduleOptions(rate="1/s", stages=STAGES), "--rate cannot be combined with --stages"),
        (ScheduleOptions(stages="5 for"), "'5 for' is not a stage"),
        (ScheduleOptions(stages="0 for 1s"), "must have a rate greater than zero"),
        (ScheduleOptions(stages="1/s for 0s"), "must be greater than zero"),
        (ScheduleOptions(stages="repeat 3"), "must have a rate"),
        (ScheduleOptions(profile="1 " * 24), "--profile needs --rate"),
        (ScheduleOptions(rate="1/s", profile="1 2"), "24 numbers .* with spaces or commas"),
        (ScheduleOptions(rate="1/s", profile="x " * 24), "24 numbers"),
        (ScheduleOptions(rate="1/s", profile="0 " * 24), "one greater than zero"),
        (ScheduleOptions(rate="1/s", timezone="UTC"), "--timezone needs --profile"),
        (ScheduleOptions(rate="1/s", profile="1 " * 24, timezone="UTX"), "unknown time zone"),
        (
            ScheduleOptions(rate="1/s", profile="1 " * 24, timezone="Europe/Berln"),
            "--timezone: unknown time zone 'Europe/Berln': did you mean 'Europe/Berlin'",
        ),
        (ScheduleOptions(stages="1/s for 1s, repeat 0"), "repeat must be from 1 to 1,000,000,000"),
        (ScheduleOptions(stages="1/s for 1s, repeat 1000000001"), "repeat must be from 1 to"),
        (ScheduleOptions(stages="1/s for 1s, repeat -2"), "repeat must be from 1 to 1,000,000,000"),
        (ScheduleOptions(rate="1/s", start="yesterday"), '--start: .* or "now-7d"'),
        (ScheduleOptions(start="now-7d"), "--start needs a pace"),
        (ScheduleOptions(arrivals="random"), "--arrivals needs a pace"),
        (ScheduleOptions(interval="1s", arrivals="random"), "--arrivals random"),
        (ScheduleOptions(rate="1/s", start="then"), "--start: 'then' is not an instant"),
        (ScheduleOptions(rate="1/s", end="now-1s"), "--end now-1s: must be after the start"),
        (ScheduleOptions(rate="1/s", start="now", at=5), "--start cannot be combined with --at"),
    ],
)
def test_options_of_a_pace_that_are_refused(asked, said):
    with pytest.raises(RequestError, match=said):
        schedule(asked, NOW)


def test_simulated_time_has_the_times_of_the_pace_and_waits_for_nothing():
    made = schedule(ScheduleOptions(rate="2/s", max_events=9, at=0, fast=True), NOW)
    assert (made.limit, made.shift, made.timetable.due_end(0)) == (9, None, END)
    assert made.timetable.due_at(5) == 0
    assert list(made.timetable.scheduled(1, 2)) == [SECOND // 2, SECOND]


@pytest.mark.parametrize("fast", [False, True])
def test_the_timelines_of_a_run_start_at_its_pace(fast):
    options = ScheduleOptions(rate="2/s", max_events=9, at=SECOND, fast=fast)
    made = step_schedule(schedule(options, NOW), RandomTimelines(), TimelineSpec(SECOND))
    assert made.limit == END
    assert made.timetable.due_at(0) == (0 if fast else NOW)
    assert made.shift == (None if fast else SECOND - NOW)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (ScheduleOptions(), "--timeline needs a pace: --rate, --interval or --stages"),
        (ScheduleOptions(rate="1.5M/s"), "6,000,000 timelines start within one horizon"),
    ],
)
def test_timelines_need_a_pace_that_starts_few_enough(options, said):
    with pytest.raises(RequestError, match=said):
        step_schedule(schedule(options, NOW), RandomTimelines(), TimelineSpec(4 * SECOND))
