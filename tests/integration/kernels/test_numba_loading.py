"""Numba's import and its compilations are told to who watches the clock."""

import subprocess
import sys

from tests.waiting import DEADLINE_S

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


def test_numba_says_when_it_is_imported_and_when_it_compiles() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FRESH],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
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
        [sys.executable, "-c", TOGETHER],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "[True, False] 1\n"
