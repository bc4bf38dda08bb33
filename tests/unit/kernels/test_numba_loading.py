"""Listeners get reports when code is imported or compiled."""

import threading

from eventer.kernels.support.numba_loading import CompileActivity
from tests.waiting import DEADLINE_S, wait_until


def test_listeners_get_only_the_outermost_changes() -> None:
    loading, reports = CompileActivity(), []
    end = loading.watch(reports.append)
    with loading:
        assert reports == [True]
        with loading:
            pass
        assert reports == [True]
    assert reports == [True, False]
    end()
    with loading:
        pass
    assert reports == [True, False]


def test_overlapping_threads_are_one_activity() -> None:
    loading, reports = CompileActivity(), []
    loading.watch(reports.append)
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with loading:
            inside.set()
            go_on.wait(DEADLINE_S)

    thread = threading.Thread(target=other)
    with loading:
        thread.start()
        assert inside.wait(DEADLINE_S)
    assert reports == [True]
    go_on.set()
    thread.join()
    assert reports == [True, False]


def test_its_time_is_counted_while_it_is_active() -> None:
    loading = CompileActivity()
    assert loading.seconds() == 0
    with loading:
        first = loading.seconds()
        wait_until(lambda: loading.seconds() > first)
    ended = loading.seconds()
    assert ended > 0
    assert loading.seconds() == ended
