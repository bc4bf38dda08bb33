"""The limit of an inspector's CPU time, which does not run while code is loaded."""

import signal

import pytest

from eventer.workers.inspector import CpuTimer


@pytest.fixture(autouse=True)
def _limit():
    signal.setitimer(signal.ITIMER_PROF, 500)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


def test_it_stops_for_loading_and_goes_on():
    timer = CpuTimer()
    timer.suspend_while(True)
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    timer.suspend_while(False)
    assert 400 < signal.getitimer(signal.ITIMER_PROF)[0] <= 500.1


def test_without_a_limit_there_is_none_afterwards():
    signal.setitimer(signal.ITIMER_PROF, 0)
    timer = CpuTimer()
    timer.suspend_while(True)
    timer.suspend_while(False)
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
