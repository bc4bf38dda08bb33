"""Crashes of workers are counted by generator and index."""

from eventer.core.model import Position, PositionKey
from eventer.workers.crash_counter import CrashCounter, poison_event_error
from eventer.workers.crash_marker import InFlightWork

ONE, OTHER = PositionKey(1, 2, 3), PositionKey((1 << 64) - 1, (1 << 64) - 2, 7)


def test_crashes_at_one_index_are_counted_per_generator():
    crash_counter = CrashCounter()
    assert crash_counter.record_crash(InFlightWork(ONE, 40, 0)) == 1
    assert crash_counter.record_crash(InFlightWork(OTHER, 40, 0)) == 1
    assert crash_counter.record_crash(InFlightWork(ONE, 40, 0)) == 2
    assert crash_counter.record_crash(InFlightWork(ONE, 40, 0)) == 3
    assert crash_counter.record_crash(InFlightWork(ONE, 41, 0)) == 1


def test_a_commit_past_the_crash_resets_the_count():
    crash_counter = CrashCounter()
    crash_counter.record_crash(InFlightWork(ONE, 41, 0))
    crash_counter.record_commit(ONE, Position(next=42))
    assert crash_counter.record_crash(InFlightWork(ONE, 41, 0)) == 1


def test_a_commit_before_the_crash_keeps_the_count():
    crash_counter = CrashCounter()
    crash_counter.record_crash(InFlightWork(ONE, 40, 0))
    crash_counter.record_commit(ONE, Position(next=40))
    assert crash_counter.record_crash(InFlightWork(ONE, 40, 0)) == 2


def test_forget_resets_the_count():
    crash_counter = CrashCounter()
    crash_counter.record_crash(InFlightWork(ONE, 40, 0))
    crash_counter.forget(ONE)
    assert crash_counter.record_crash(InFlightWork(ONE, 40, 0)) == 1


def test_the_error_names_the_event_and_what_to_do():
    error = poison_event_error(InFlightWork(ONE, 40, 0))
    assert error.index == 40
    assert "from 40 on" in error.message
    assert "eventer resume 2" in error.hint


def test_the_error_of_steps_names_the_timeline():
    error = poison_event_error(InFlightWork(ONE, 40, 0, timeline=7))
    assert error.index == 7
    assert "generated timelines from 7 on" in error.message
