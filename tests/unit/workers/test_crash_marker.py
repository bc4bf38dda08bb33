"""The slate: what one process writes, another reads."""

import os
import time

import pytest

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import PositionKey
from eventer.workers.crash_marker import CrashMarker

KEY = PositionKey(1, 2**64 - 1, 3)


@pytest.fixture
def ends():
    ours, shared = CrashMarker.create()
    theirs = CrashMarker(shared)
    os.close(shared)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_mark_is_read_until_it_is_cleared(ends):
    ours, theirs = ends
    assert ours.read() is None
    before = time.monotonic_ns()
    theirs.mark(KEY, 1 << 62)
    in_flight = ours.read()
    assert in_flight is not None
    assert (in_flight.key, in_flight.first) == (KEY, 1 << 62)
    assert before <= in_flight.started_at <= time.monotonic_ns()
    assert in_flight.elapsed_ns() >= 0
    theirs.clear()
    assert ours.read() is None


def test_no_time_counts_while_the_deadline_is_suspended(ends):
    ours, theirs = ends
    theirs.mark(KEY, 7)
    begun = ours.read().started_at
    theirs.suspend_deadline(begun + 60 * NS_PER_SECOND)
    assert ours.read().elapsed_ns() < 0
    theirs.mark(KEY, 8)
    assert ours.read().elapsed_ns() < 0
    now = time.monotonic_ns()
    theirs.suspend_deadline(now)
    assert ours.read().started_at >= now
    assert ours.read().elapsed_ns() >= 0


def test_an_expired_suspension_is_ignored(ends):
    ours, theirs = ends
    theirs.suspend_deadline(time.monotonic_ns() - NS_PER_SECOND)
    theirs.mark(KEY, 7)
    assert ours.read().elapsed_ns() < NS_PER_SECOND
