"""Pace: each index due exactly once, no drift, and a new pace that neither skips nor repeats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import RequestError
from eventer.core.model import Segment
from eventer.core.pace import ticks
from eventer.core.rate import parse_rate
from eventer.runs.pacing import END, Pace, begin, peak_rate, repace
from tests.families import family

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000

counts = st.integers(1, 50)
intervals = st.integers(1, 10**10)
instants = st.integers(0, 10**11).map(lambda offset: T0 + offset)


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    """A pace with a history of new paces and restarts, each at a later instant."""
    now = T0
    pace = Pace([begin(now, draw(st.integers(0, 5)), ticks(draw(counts), draw(intervals)))])
    for _ in range(draw(st.integers(0, 4))):
        now += draw(st.integers(0, 10**10))
        count, interval = draw(counts), draw(intervals)
        if draw(st.booleans()):
            segment = repace(pace, now, ticks(count, interval))
        else:
            start = pace.segments[0].n0
            position = draw(st.integers(start, max(start, min(pace.due_end(now), start + 1000))))
            segment = begin(now, position, ticks(count, interval))
        pace = Pace([*pace.segments, segment])
    return pace


class TestOneSegment:
    def test_first_tick_is_due_at_once(self) -> None:
        pace = Pace([Segment(T0, 0, ticks(10, 1000))])
        assert pace.due_end(T0 - 1) == 0
        assert pace.due_end(T0) == 10

    @family(("now", "end"), [(0, 110), (999, 110), (1000, 120), (1001, 120), (10_000_000, 100_110)])
    def test_tick_k_is_due_at_t0_plus_k_intervals(self, now: int, end: int) -> None:
        assert Pace([Segment(T0, 100, ticks(10, 1000))]).due_end(T0 + now) == end

    def test_no_drift_over_ten_years(self) -> None:
        third = 333_333_333
        pace = Pace([Segment(T0, 0, ticks(1, third))])
        number = 10 * 365 * 24 * 3600 * 3
        assert pace.due_at(number) == T0 + number * third
        assert pace.due_end(T0 + number * third - 1) == number
        assert pace.due_end(T0 + number * third) == number + 1

    @given(counts, intervals, st.integers(0, 10**6), st.integers(1, 200))
    def test_vector_of_times_is_each_due_time(
        self, count: int, interval: int, first: int, n: int
    ) -> None:
        pace = Pace([Segment(T0, 0, ticks(count, interval))])
        expected = [T0 + index // count * interval for index in range(first, first + n)]
        assert pace.scheduled(first, n).tolist() == expected

    def test_counts_beyond_a_batch_are_one_tick(self) -> None:
        pace = Pace([Segment(T0, 0, ticks(1 << 62, 5))])
        assert set(pace.scheduled((1 << 62) - 3, 3).tolist()) == {T0}

    def test_times_beyond_64_bits_are_rejected(self) -> None:
        pace = Pace([Segment(T0, 0, ticks(1, 10**15))])
        with pytest.raises(RequestError, match="event 99999 is due after the year 2262"):
            pace.scheduled(90_000, 10_000)

    def test_an_index_before_the_first_segment_has_no_time(self) -> None:
        with pytest.raises(ValueError, match="before the first segment"):
            Pace([Segment(T0, 5, ticks(1, 1))]).due_at(4)


class TestHistory:
    @given(paces(), instants)
    def test_exactly_the_indices_before_due_end_are_due(self, pace: Pace, now: int) -> None:
        end = pace.due_end(now)
        first = pace.segments[0].n0
        if end < END:
            assert pace.due_at(end) > now
        if end > first and all(s.t0 <= now for s in pace.segments):
            assert pace.due_at(end - 1) <= now

    @given(paces(), instants, st.integers(0, 10**10))
    def test_due_events_stay_due(self, pace: Pace, now: int, later: int) -> None:
        assert pace.due_end(now) <= pace.due_end(now + later)

    @given(paces(), st.integers(0, 500), st.integers(1, 200))
    def test_vector_agrees_with_single_times_across_segments(
        self, pace: Pace, offset: int, n: int
    ) -> None:
        first = min(s.n0 for s in pace.segments) + offset
        expected = [pace.due_at(index) for index in range(first, first + n)]
        assert pace.scheduled(first, n).tolist() == expected

    @given(paces(), st.integers(0, 2000), instants)
    def test_forgetting_passed_segments_changes_nothing(
        self, pace: Pace, offset: int, now: int
    ) -> None:
        position = min(s.n0 for s in pace.segments) + offset
        rest = Pace(pace.relevant(position))
        assert max(position, rest.due_end(now)) == max(position, pace.due_end(now))
        assert np.array_equal(rest.scheduled(position, 50), pace.scheduled(position, 50))


class TestRepace:
    def test_last_due_tick_plus_the_new_interval(self) -> None:
        old = Pace([Segment(T0, 0, ticks(10, 1000))])
        new = repace(old, T0 + 2500, ticks(3, 700))
        assert new == Segment(T0 + 2000 + 700, 30, ticks(3, 700))

    @given(paces(), instants, counts, intervals)
    def test_no_index_is_skipped_or_due_again(
        self, old: Pace, now: int, count: int, interval: int
    ) -> None:
        new = Pace([*old.segments, repace(old, now, ticks(count, interval))])
        boundary = old.due_end(now)
        assert new.segments[-1].n0 == boundary
        first = min(s.n0 for s in old.segments)
        due = range(max(first, boundary - 100), boundary)
        assert [new.due_at(i) for i in due] == [old.due_at(i) for i in due]
        assert new.due_end(now) >= boundary

    def test_a_segment_begins_at_once_if_no_event_was_due(self) -> None:
        old = Pace([Segment(T0 + 100, 7, ticks(1, 50))])
        assert repace(old, T0, ticks(2, 9)) == Segment(T0, 7, ticks(2, 9))


class TestRate:
    @family(
        ("text", "expected"),
        [
            ("5k/s", (1, 200_000)),
            ("100/m", (1, 600_000_000)),
            ("7/s", (7, 1_000_000_000)),
            ("6", (3, 500_000_000)),
            ("0.5/s", (1, 2_000_000_000)),
            ("1.5k/s", (3, 2_000_000)),
            ("3M/s", (3, 1_000)),
            ("1/h", (1, 3_600_000_000_000)),
        ],
    )
    def test_rates_are_exact(self, text: str, expected: tuple[int, int]) -> None:
        assert parse_rate(text) == expected

    @family("text", ["", "fast", "-1/s", "0/s", "0.0", "5/d", "1e3", "/s", "5 k/s"])
    def test_others_are_refused(self, text: str) -> None:
        with pytest.raises(RequestError, match="rate"):
            parse_rate(text)

    def test_rate_is_events_a_second(self) -> None:
        assert peak_rate(ticks(10, 8_000_000_000)) == 1.25


def test_a_new_interval_beyond_the_last_instant_ends_there():
    now = T0
    begun = Pace([begin(now, 0, ticks(1, SECOND))])
    longest = repace(begun, now, ticks(1, END - 1))
    assert longest == Segment(t0=END - 1, n0=1, pace=ticks(1, END - 1))
    long = Pace([*begun.segments, longest])
    assert long.due_end(now + SECOND) == 1
    back = repace(long, now + SECOND, ticks(2, SECOND))
    assert back == Segment(t0=now + SECOND, n0=1, pace=ticks(2, SECOND))
