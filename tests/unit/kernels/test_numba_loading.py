"""Who watches the clock is told when code is loaded or compiled."""

import subprocess
import sys
import threading

from eventer.kernels.support.numba_loading import CompileActivity

FRESH = """
import sys
import numpy as np
from eventer.kernels.support.numba_loading import LOADING

told = []
LOADING.watch(told.append)
from eventer.kernels.draw.draw_loops import drawn
print(told)
told.clear()
from eventer.kernels.draw import draw_loops
from eventer.kernels.support.jit import kernel

def double(values):
    for at in range(len(values)):
        values[at] *= 2

compiled = kernel(double)
values = np.arange(3)
compiled(values)
assert values.tolist() == [0, 2, 4]
print(told[:1], told[-1:], told[::2] == [True] * (len(told) // 2))
told.clear()
compiled(values)
print(told)
"""


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
            go_on.wait(10)

    thread = threading.Thread(target=other)
    with loading:
        thread.start()
        assert inside.wait(10)
    assert told == [True]
    go_on.set()
    thread.join()
    assert told == [True, False]


def test_numba_says_when_it_is_imported_and_when_it_compiles() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FRESH], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == ["[True, False]", "[True] [False] True", "[]"]


TOGETHER = """
import threading
from eventer.kernels.support.numba_loading import LOADING, numba

told = []
LOADING.watch(told.append)
threads = [threading.Thread(target=numba) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
from numba.core import event
print(told, len(event._registered["numba:compiler_lock"]))
"""


def test_threads_that_come_first_at_once_listen_once() -> None:
    """One that began to listen in the midst of a compilation would count its end alone."""
    ended = subprocess.run(
        [sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "[True, False] 1\n"
