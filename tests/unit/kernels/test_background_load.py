"""Python does the work of small calls until the kernels are loaded."""

import sys
from threading import Event

from eventer.kernels.support.background_load import (
    MAX_PYTHON_ROWS,
    BackgroundLoad,
    is_numba_ready,
)
from tests.waiting import DEADLINE_S, wait_until


def test_python_works_until_the_kernels_are_loaded() -> None:
    begun, ended = Event(), Event()

    def load() -> None:
        begun.set()
        ended.wait(DEADLINE_S)

    kernels = BackgroundLoad(load)
    assert kernels.use_python(1)
    assert begun.wait(DEADLINE_S)
    assert kernels.use_python(MAX_PYTHON_ROWS)
    ended.set()
    wait_until(lambda: not kernels.use_python(1))


def test_many_rows_wait_for_the_kernels() -> None:
    begun = Event()
    assert not BackgroundLoad(begun.set).use_python(MAX_PYTHON_ROWS + 1)
    assert not begun.is_set()


def test_kernels_are_loaded_once() -> None:
    calls: list[int] = []
    kernels = BackgroundLoad(lambda: calls.append(1))
    kernels.use_python(1)
    wait_until(lambda: not kernels.use_python(1))
    kernels.use_python(1)
    assert calls == [1]


def test_kernels_that_cannot_be_loaded_are_called_and_raise_their_error() -> None:
    def load() -> None:
        raise RuntimeError

    kernels = BackgroundLoad(load)
    kernels.use_python(1)
    wait_until(lambda: not kernels.use_python(1))


def test_numba_is_not_ready_while_it_compiles_in_the_background(monkeypatch) -> None:
    """Other kernels would wait for those, so short columns are computed without kernels."""
    monkeypatch.setitem(sys.modules, "numba", sys)
    begun, ended = Event(), Event()
    kernels = BackgroundLoad(lambda: (begun.set(), ended.wait(DEADLINE_S)))
    kernels.use_python(1)
    assert begun.wait(DEADLINE_S)
    assert not is_numba_ready()
    ended.set()
    wait_until(is_numba_ready)
