"""Which time counts against a worker: not that of a busy machine, nor of compiling."""

from eventer.core.model import PositionKey
from eventer.workers.crash_marker import InFlightWork
from eventer.workers.stall_timer import StallTimer

WORK = InFlightWork(PositionKey(1, 2, 3), 7, 1_000)


def passed(timer):
    return timer.silent, timer.in_flight


def test_a_silent_worker_with_one_event_in_flight_stalls():
    timer = StallTimer()
    timer.pass_time(5, 0, WORK)
    assert passed(timer) == (5, 0), "the event may have begun a moment ago"
    timer.pass_time(5, 0, WORK)
    assert passed(timer) == (10, 5)


def test_time_without_a_processor_does_not_count():
    timer = StallTimer()
    for waited in (0, 4.5, 5, 6):
        timer.pass_time(5, waited, WORK)
    assert passed(timer) == (5.5, 0.5)


def test_time_of_loading_does_not_count():
    timer = StallTimer()
    for seconds in (5, 0, 0, 0):
        timer.pass_time(seconds, 0, WORK)
    assert passed(timer) == (5, 0)


def test_a_message_ends_the_silence_and_further_work_is_not_stalled():
    timer = StallTimer()
    timer.pass_time(5, 0, WORK)
    timer.pass_time(5, 0, WORK)
    timer.end_silence()
    assert passed(timer) == (0, 5)
    later = InFlightWork(WORK.key, WORK.first, WORK.started_at + 1)
    for work in (later, None, None):
        timer.pass_time(5, 0, work)
        assert timer.in_flight == 0
    assert timer.silent == 15
