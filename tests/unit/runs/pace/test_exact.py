"""Due times of every kind of pace, against exact arithmetic with fractions."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import RequestError
from eventer.core.model import Segment
from eventer.core.pace import (
    Cron,
    EventRate,
    PaceSpec,
    Profile,
    Shape,
    Stage,
    Stages,
    Steady,
    ticks,
)
from eventer.runs.pacing import END, Pace, repace
from tests.families import family

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
ZERO = EventRate(0, 1)


def per_second(events: int) -> EventRate:
    return EventRate(events, SECOND)


def constant(events: int, seconds: int) -> Stage:
    return Stage(per_second(events), per_second(events), seconds * SECOND)


rates = st.builds(EventRate, st.integers(0, 10**6), st.integers(10**6, 10**12))
lengths = st.integers(1, 10**11)
multipliers = st.lists(
    st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1), Fraction(5, 2)]),
    min_size=24,
    max_size=24,
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"])


@st.composite
def stages(draw: st.DrawFn) -> Stages:
    parts = draw(st.lists(st.tuples(rates, rates, lengths), min_size=1, max_size=4))
    made = tuple(Stage(*part) for part in parts)
    if not any(each.first.events or each.last.events for each in made):
        made = (*made, constant(7, 3))
    return Stages(made, draw(st.sampled_from([1, 3, None])))


steady = rates.filter(lambda rate: rate.events > 0).map(Steady)
profiles = st.builds(
    Profile,
    rates.filter(lambda rate: rate.events > 0),
    multipliers.filter(any).map(tuple),
    zones,
)
crons = st.builds(
    Cron,
    st.sampled_from(["* * * * *", "*/7 3-5 * * *", "30 2 * * *", "0 9 1 * MON"]),
    zones,
    st.integers(1, 5),
)


def passed(shape: Shape, elapsed: int) -> Fraction:
    """The cumulative count of a shape without a calendar, by its definition."""
    match shape:
        case Steady(rate=rate):
            return rate.per_ns * elapsed
        case Stages(stages=parts, repeat=repeat):
            cycle = sum(each.length for each in parts)
            total = sum(_within(each, each.length) for each in parts)
            cycles, rest = divmod(elapsed, cycle)
            if repeat is not None and cycles >= repeat:
                return repeat * total
            count = cycles * total
            for each in parts:
                count += _within(each, min(rest, each.length))
                rest = max(0, rest - each.length)
            return count
    raise AssertionError(shape)


def _within(stage: Stage, elapsed: int) -> Fraction:
    change = (stage.last.per_ns - stage.first.per_ns) / stage.length
    return stage.first.per_ns * elapsed + change * elapsed * elapsed / 2


class TestAgainstFractions:
    @given(st.one_of(steady, stages()), st.integers(0, 10**5))
    def test_an_event_is_due_in_the_nanosecond_in_which_the_count_passes_its_number(
        self, shape: Shape, number: int
    ) -> None:
        due = Pace([Segment(T0, 0, PaceSpec(shape))]).due_at(number)
        if due == END:
            assert isinstance(shape, Stages)
            assert shape.repeat is not None
            assert passed(shape, 10**15) <= number
        else:
            assert passed(shape, due - T0) <= number < passed(shape, due - T0 + 1)

    @given(st.one_of(steady, stages()), st.integers(0, 10**12))
    def test_the_due_events_are_those_that_the_count_has_passed(
        self, shape: Shape, elapsed: int
    ) -> None:
        pace = Pace([Segment(T0, 5, PaceSpec(shape))])
        assert pace.due_end(T0 + elapsed) == 5 + ceil(passed(shape, elapsed + 1))

    @family("rate", [(500, SECOND), (1, 30 * SECOND), (7, SECOND), (1, 1)])
    def test_a_rate_is_even_and_rounded_down(self, rate: tuple[int, int]) -> None:
        events, period = rate
        pace = Pace([Segment(T0, 0, PaceSpec(Steady(EventRate(events, period))))])
        expected = [T0 + k * period // events for k in range(1_000)]
        assert pace.scheduled(0, 1_000).tolist() == expected
        assert [pace.due_at(k) for k in range(1_000)] == expected

    def test_rates_beyond_64_bits_of_intermediate_results(self) -> None:
        rate = EventRate(123_456_123_456_789, 10**18)
        pace = Pace([Segment(T0, 0, PaceSpec(Steady(rate)))])
        first = 10**14
        expected = [T0 + k * 10**18 // 123_456_123_456_789 for k in range(first, first + 100)]
        assert pace.scheduled(first, 100).tolist() == expected


paces = st.builds(
    PaceSpec, st.one_of(steady, stages(), profiles), st.sampled_from(["even", "random"])
)
any_pace = st.one_of(paces, crons.map(PaceSpec))


class TestConsistent:
    @given(any_pace, st.integers(0, 3_000), st.integers(1, 300), st.integers(0, 200))
    def test_one_and_many_agree_and_ascend_and_are_inverted(
        self, spec: PaceSpec, first: int, count: int, n0: int
    ) -> None:
        pace = Pace([Segment(T0, n0, spec, draw_key=9)])
        first += n0
        count = min(count, max(0, pace.limit - first))
        times = [pace.due_at(index) for index in range(first, first + count)]
        if times and times[-1] >= END:
            return
        assert pace.scheduled(first, count).tolist() == times
        assert times == sorted(times)
        for index, time in list(zip(range(first, first + count), times, strict=True))[:5]:
            end = pace.due_end(time)
            assert index < end
            assert pace.due_end(time - 1) <= index
            assert pace.due_at(end) > time if end < pace.limit else True

    @given(any_pace, st.integers(0, 1_000))
    def test_a_resumed_pace_is_due_at_once_and_keeps_the_gaps_of_stages(
        self, spec: PaceSpec, position: int
    ) -> None:
        old = Pace([Segment(T0, 0, spec, draw_key=9)])
        if position >= old.limit or old.due_at(position) >= END // 2:
            return
        now = T0 + 40 * DAY + 12_345
        new = Pace([*old.segments, old.resumed(now, position)])
        if isinstance(spec.shape, Stages):
            moved = now - (old.due_at(position) if position else T0)
            count = min(200, new.limit - position)
            assert new.limit == old.limit
            assert new.scheduled(position, count).tolist() == [
                time + moved for time in old.scheduled(position, count).tolist()
            ]
        assert new.due_at(position) >= now
        if position:
            assert new.due_at(position - 1) == old.due_at(position - 1)

    @given(any_pace, any_pace, st.integers(0, 10**12))
    def test_another_pace_skips_and_repeats_no_index(
        self, spec: PaceSpec, other: PaceSpec, elapsed: int
    ) -> None:
        old, now = Pace([Segment(T0, 0, spec, draw_key=9)]), T0 + elapsed
        segment = repace(old, now, other, 9)
        new = Pace([*old.segments, segment])
        boundary = old.due_end(now)
        assert segment.n0 in (boundary, 0)
        assert new.due_end(now) >= boundary or new.limit < boundary
        for index in range(max(0, min(boundary, new.limit) - 5), min(boundary, new.limit)):
            assert new.due_at(index) == old.due_at(index)


class TestStages:
    def test_the_count_of_each_second(self) -> None:
        """100/s, then up to 300/s, a pause, then again: fractions carry over."""
        ramp = Stage(per_second(100), per_second(300), 4 * SECOND)
        pause = Stage(ZERO, ZERO, 2 * SECOND)
        pace = Pace([Segment(T0, 0, PaceSpec(Stages((constant(100, 2), ramp, pause), 2)))])
        assert pace.limit == 2 * (200 + 800)
        times = pace.scheduled(0, pace.limit)
        by_second = Counter(((times - T0) // SECOND).tolist())
        expected = [100, 100, 125, 175, 225, 275, 0, 0]
        assert [by_second[s] for s in range(17)] == [*expected, *expected, 0]

    def test_no_event_is_due_in_a_pause_at_the_begin(self) -> None:
        shape = Stages((Stage(ZERO, ZERO, 10 * SECOND), constant(5, 1)))
        pace = Pace([Segment(T0, 0, PaceSpec(shape))])
        assert pace.due_at(0) == T0 + 10 * SECOND
        assert pace.limit == 5
        assert pace.due_end(END - 1) == 5

    def test_after_the_end_no_event_is_due(self) -> None:
        pace = Pace([Segment(T0, 0, PaceSpec(Stages((constant(10, 1),))))])
        assert pace.due_at(10) == END
        with pytest.raises(RequestError, match="event 12 is due after the end of the pace"):
            pace.scheduled(3, 10)

    def test_a_long_ramp_is_exact_where_doubles_are_not(self) -> None:
        ramp = Stage(EventRate(1, 10**15), EventRate(3, 10**15), 300 * DAY)
        shape = Stages((ramp,))
        pace = Pace([Segment(0, 0, PaceSpec(shape))])
        times = pace.scheduled(0, pace.limit).tolist()
        assert all(passed(shape, t) <= k < passed(shape, t + 1) for k, t in enumerate(times))

    def test_a_fast_ramp_to_zero(self) -> None:
        shape = Stages((Stage(per_second(500_000), ZERO, SECOND),))
        pace = Pace([Segment(0, 0, PaceSpec(shape))])
        first = pace.limit - 2_000
        times = pace.scheduled(first, 2_000).tolist()
        assert all(passed(shape, t) <= k < passed(shape, t + 1) for k, t in enumerate(times, first))


DAY_PROFILE = tuple(Fraction(m) for m in [0] * 6 + [1] * 6 + [2] * 6 + [Fraction(1, 2)] * 6)


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * SECOND


def counts_by_local_hour(pace: Pace, zone: str, begin: int, hours: int) -> list[int]:
    edges = [pace.due_end(begin + h * HOUR - 1) for h in range(hours + 1)]
    return np.diff(edges).tolist()


class TestProfile:
    def test_each_hour_has_its_multiple(self) -> None:
        begin = instant("2026-03-02T00:00:00+00:00")
        pace = Pace([Segment(begin, 0, PaceSpec(Profile(per_second(10), DAY_PROFILE)))])
        expected = [36_000 * m for m in DAY_PROFILE]
        assert counts_by_local_hour(pace, "UTC", begin, 48) == expected * 2

    def test_a_skipped_hour_is_left_out_and_a_repeated_one_comes_twice(self) -> None:
        hourly = tuple(Fraction(h + 1) for h in range(24))
        shape = Profile(EventRate(1, HOUR), hourly, "Europe/Berlin")
        spring = instant("2026-03-29T00:00:00+01:00")
        pace = Pace([Segment(spring, 0, PaceSpec(shape))])
        counts = counts_by_local_hour(pace, "Europe/Berlin", spring, 23)
        assert counts == [h + 1 for h in range(24) if h != 2]
        autumn = instant("2026-10-25T00:00:00+02:00")
        pace = Pace([Segment(autumn, 0, PaceSpec(shape))])
        counts = counts_by_local_hour(pace, "Europe/Berlin", autumn, 25)
        assert counts == [1, 2, 3, 3, *range(4, 25)]

    def test_a_week_begins_on_monday(self) -> None:
        weekly = tuple(Fraction(int(hour == 24 + 9)) for hour in range(168))
        pace = Pace([Segment(T0, 0, PaceSpec(Profile(EventRate(1, HOUR), weekly, "Asia/Tokyo")))])
        found = [
            datetime.fromtimestamp(pace.due_at(k) // SECOND, ZoneInfo("Asia/Tokyo"))
            for k in range(3)
        ]
        assert [(d.weekday(), d.hour, d.minute) for d in found] == [(1, 9, 0)] * 3
        assert found[1] - found[0] == timedelta(days=7)

    @given(multipliers.filter(any), zones, st.integers(0, 3 * 365 * 86_400))
    def test_against_a_sum_of_hours(self, given: list[Fraction], zone: str, offset: int) -> None:
        begin = T0 + offset * SECOND
        shape = Profile(EventRate(1, 97 * SECOND), tuple(given), zone)
        pace = Pace([Segment(begin, 0, PaceSpec(shape))])
        total, at = Fraction(0), begin
        for _ in range(40):
            local = datetime.fromtimestamp(at // SECOND, ZoneInfo(zone))
            until = at + HOUR - (local.minute * 60 + local.second) * SECOND
            total += Fraction(until - at, 97 * SECOND) * given[local.hour]
            at = until
            assert pace.due_end(at - 1) == ceil(total)

    def test_a_far_index_is_found_without_walking_there(self) -> None:
        shape = Profile(EventRate(50, HOUR), DAY_PROFILE, "Europe/Berlin")
        pace = Pace([Segment(instant("2240-01-01T00:00:00+00:00"), 0, PaceSpec(shape))])
        found = datetime.fromtimestamp(pace.due_at(5 * 10**6) // SECOND, UTC)
        assert found.year == 2253
        with pytest.raises(RequestError, match="after the year 2262"):
            pace.scheduled(10**8, 1)


class TestRandomArrivals:
    def test_each_block_of_64_stays_in_its_time(self) -> None:
        pace = Pace([Segment(T0, 0, PaceSpec(Steady(per_second(64)), "random"), draw_key=3)])
        times = pace.scheduled(0, 64 * 200) - T0
        assert ((times // SECOND) == np.arange(len(times)) // 64).all()
        gaps = np.diff(times)
        assert gaps.std() > 0.7 * gaps.mean()

    def test_times_depend_on_the_key_and_the_index_only(self) -> None:
        def times(key: int, first: int, n0: int = 0) -> list[int]:
            spec = PaceSpec(Steady(per_second(64)), "random")
            return Pace([Segment(T0, n0, spec, draw_key=key)]).scheduled(first, 100).tolist()

        assert times(3, 0)[50:] == times(3, 50)[:50]
        assert times(3, 0) != times(4, 0)
        assert times(3, 7, 7) != times(3, 0)

    def test_the_last_block_of_stages_has_the_rest(self) -> None:
        spec = PaceSpec(Stages((constant(10, 10),)), "random")
        pace = Pace([Segment(T0, 0, spec, draw_key=3)])
        assert pace.limit == 100
        times = pace.scheduled(0, 100)
        assert times[-1] < T0 + 10 * SECOND
        assert (times[64:] >= T0 + 6_400_000_000).all()
        assert pace.due_end(T0 + 10 * SECOND) == 100


class TestLimits:
    def test_events_due_at_the_end_do_not_exist(self) -> None:
        spec = PaceSpec(Steady(per_second(10)), end=T0 + SECOND)
        pace = Pace([Segment(T0, 3, spec)])
        assert pace.limit == 13
        assert pace.due_end(T0 + 10 * SECOND) == 13
        assert pace.rate_at(T0 + SECOND) == 0
        assert pace.rate_at(T0) == 10

    def test_max_events_counts_indices(self) -> None:
        spec = PaceSpec(Steady(per_second(10)), max_events=12)
        assert Pace([Segment(T0, 3, spec)]).limit == 12

    def test_another_end_alone_changes_no_due_time(self) -> None:
        old = Pace([Segment(T0, 0, PaceSpec(Steady(per_second(10)), end=T0 + SECOND))])
        longer = PaceSpec(Steady(per_second(10)), end=T0 + 2 * SECOND)
        segment = repace(old, T0 + 5 * SECOND, longer)
        assert segment == Segment(T0, 0, longer)
        assert Pace([*old.segments, segment]).limit == 20

    def test_another_pace_before_the_start_begins_at_the_start(self) -> None:
        old = Pace([Segment(T0 + HOUR, 0, PaceSpec(Steady(per_second(10)), start="now+1h"))])
        other = PaceSpec(Steady(per_second(20)), start="now+1h")
        assert repace(old, T0, other) == Segment(T0 + HOUR, 0, other)

    def test_another_pace_after_the_end_begins_with_the_next_index(self) -> None:
        old = Pace([Segment(T0, 0, PaceSpec(Steady(per_second(10)), max_events=10))])
        segment = repace(old, T0 + 60 * SECOND, ticks(1, SECOND))
        assert segment.n0 == 10


class TestRates:
    def test_the_rate_at_an_instant(self) -> None:
        ramp = Stage(per_second(0), per_second(100), 10 * SECOND)
        pace = Pace([Segment(T0, 0, PaceSpec(Stages((ramp,), None)))])
        assert pace.rate_at(T0 - 1) == 0
        assert pace.rate_at(T0 + 5 * SECOND) == 50
        profile = PaceSpec(Profile(per_second(8), DAY_PROFILE))
        pace = Pace([Segment(instant("2026-01-01T00:00:00+00:00"), 0, profile)])
        assert pace.rate_at(instant("2026-01-02T13:30:00+00:00")) == 16
        pace = Pace([Segment(T0, 0, PaceSpec(Cron("*/5 * * * *", count=30)))])
        assert pace.rate_at(T0 + HOUR) == pytest.approx(0.1)
