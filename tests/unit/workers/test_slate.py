"""The slate: what one process writes, another reads."""

import os
import time

import pytest

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import PositionKey
from eventer.workers.slate import Slate

KEY = PositionKey(1, 2**64 - 1, 3)


@pytest.fixture
def ends():
    ours, shared = Slate.fresh()
    theirs = Slate(shared)
    os.close(shared)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_mark_is_read_until_it_is_wiped(ends):
    ours, theirs = ends
    assert ours.read() is None
    before = time.monotonic_ns()
    theirs.mark(KEY, 1 << 62)
    making = ours.read()
    assert making is not None
    assert (making.key, making.first) == (KEY, 1 << 62)
    assert before <= making.since <= time.monotonic_ns()
    assert making.passed_ns() >= 0
    theirs.wipe()
    assert ours.read() is None


def test_no_time_counts_while_it_is_held(ends):
    ours, theirs = ends
    theirs.mark(KEY, 7)
    begun = ours.read().since
    theirs.hold(begun + 60 * NS_PER_SECOND)
    assert ours.read().passed_ns() < 0
    theirs.mark(KEY, 8)
    assert ours.read().passed_ns() < 0
    now = time.monotonic_ns()
    theirs.hold(now)
    assert ours.read().since >= now
    assert ours.read().passed_ns() >= 0


def test_what_was_held_long_ago_does_not_matter(ends):
    ours, theirs = ends
    theirs.hold(time.monotonic_ns() - NS_PER_SECOND)
    theirs.mark(KEY, 7)
    assert ours.read().passed_ns() < NS_PER_SECOND
