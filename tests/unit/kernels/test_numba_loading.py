"""Who watches the clock is told when code is loaded or compiled."""

import threading

from eventer.kernels.support.numba_loading import CompileActivity
from tests.waiting import DEADLINE_S


def test_only_the_outermost_edges_are_told() -> None:
    loading, told = CompileActivity(), []
    end = loading.watch(told.append)
    with loading:
        assert told == [True]
        with loading:
            pass
        assert told == [True]
    assert told == [True, False]
    end()
    with loading:
        pass
    assert told == [True, False]


def test_threads_that_overlap_are_one() -> None:
    loading, told = CompileActivity(), []
    loading.watch(told.append)
    inside, go_on = threading.Event(), threading.Event()

    def other() -> None:
        with loading:
            inside.set()
            go_on.wait(DEADLINE_S)

    thread = threading.Thread(target=other)
    with loading:
        thread.start()
        assert inside.wait(DEADLINE_S)
    assert told == [True]
    go_on.set()
    thread.join()
    assert told == [True, False]
