"""The crash marker: one process writes it, another reads it."""

import os

import pytest

from eventer.core.model import PositionKey
from eventer.workers.crash_marker import CrashMarker

KEY = PositionKey(1, 2**64 - 1, 3)
MINUTE = 60 * 10**9


class Clock:
    """A monotonic clock that the test sets."""

    def __init__(self):
        self.now = 1_000 * MINUTE

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ends(clock):
    ours, shared = CrashMarker.create()
    theirs = CrashMarker(shared, clock)
    os.close(shared)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_mark_is_read_until_it_is_cleared(ends, clock):
    ours, theirs = ends
    assert ours.read() is None
    theirs.mark(KEY, 1 << 62)
    in_flight = ours.read()
    assert in_flight is not None
    assert (in_flight.key, in_flight.first, in_flight.started_at) == (KEY, 1 << 62, clock.now)
    assert in_flight.elapsed_ns(clock.now + 7) == 7
    theirs.clear()
    assert ours.read() is None


def test_a_mark_names_the_timelines_that_are_evaluated(ends):
    ours, theirs = ends
    theirs.mark(KEY, 40)
    assert ours.read().timeline is None
    theirs.mark_timeline(0)
    assert (ours.read().first, ours.read().timeline) == (40, 0)
    theirs.mark(KEY, 41)
    assert ours.read().timeline is None, "that of the work before"


def test_no_time_counts_while_the_deadline_is_suspended(ends, clock):
    ours, theirs = ends
    theirs.mark(KEY, 7)
    assert not theirs.is_suspended()
    theirs.suspend_deadline(clock.now + MINUTE)
    assert theirs.is_suspended()
    assert ours.read().elapsed_ns(clock.now + 5) == 5 - MINUTE
    theirs.mark(KEY, 8)
    assert ours.read().elapsed_ns(clock.now + 5) == 5 - MINUTE
    theirs.suspend_deadline(clock.now + 20)
    assert ours.read().elapsed_ns(clock.now + 25) == 5, "from when time was not held any more"


def test_an_expired_suspension_is_ignored(ends, clock):
    ours, theirs = ends
    theirs.suspend_deadline(clock.now - MINUTE)
    theirs.mark(KEY, 7)
    assert ours.read().elapsed_ns(clock.now + 5) == 5
