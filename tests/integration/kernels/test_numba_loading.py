"""Listeners get reports of Numba's import and its compilations."""

import subprocess
import sys

from tests.waiting import DEADLINE_S

FRESH = """
import sys
import numpy as np
from eventer.kernels.support.numba_loading import LOADING

reports = []
LOADING.watch(reports.append)
from eventer.kernels.draw.draw_loops import drawn
print(reports)
reports.clear()
from eventer.kernels.draw import draw_loops
from eventer.kernels.support.jit import kernel

def double(values):
    for at in range(len(values)):
        values[at] *= 2

compiled = kernel(double)
values = np.arange(3)
compiled(values)
assert values.tolist() == [0, 2, 4]
print(reports[:1], reports[-1:], reports[::2] == [True] * (len(reports) // 2))
reports.clear()
compiled(values)
print(reports)
"""


def test_imports_and_compilations_are_reported() -> None:
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

reports = []
LOADING.watch(reports.append)
threads = [threading.Thread(target=numba) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
from numba.core import event
print(reports, len(event._registered["numba:compiler_lock"]))
"""


def test_concurrent_first_imports_register_one_listener() -> None:
    """A listener registered during a compilation would count only its end."""
    ended = subprocess.run(
        [sys.executable, "-c", TOGETHER],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "[True, False] 1\n"
