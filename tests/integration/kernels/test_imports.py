"""The modules that imports load, and concurrent imports of Numba."""

import subprocess
import sys

import pytest

from tests.waiting import DEADLINE_S

TOGETHER = """
import sys, threading, time
import numpy, eventer.kernels
from importlib import import_module

broken = []

def load(name, after):
    time.sleep(after)
    try:
        import_module(name)
    except BaseException as error:
        broken.append(f"{name}: {error!r}")

apart, names = float(sys.argv[1]), sys.argv[2:]
threads = [
    threading.Thread(target=load, args=(name, number * apart)) for number, name in enumerate(names)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert hasattr(import_module("numba"), "core")
assert not broken, broken
"""


@pytest.mark.parametrize(
    "apart", ["0", *(pytest.param(apart, marks=pytest.mark.slow) for apart in ("0.02", "0.1"))]
)
def test_threads_can_import_kernels_at_the_same_time(apart: str) -> None:
    loops = [
        f"eventer.kernels.{name}"
        for name in ("draw.draw_loops", "kafka.record_loops", "draw.random_text_loops")
    ]
    command = [sys.executable, "-c", TOGETHER, apart, "numba", *loops]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert ended.returncode == 0, ended.stderr


READ = "RowReader().find('get_rand_data').call((), 1).get('name')"
CALL_A_KERNEL = (
    "import numpy; from eventer.kernels.support.digest_loops import chain_each;"
    " chain_each(*numpy.zeros((2, 3), numpy.uint64))"
)
LARGE = {"numba", "pyarrow", "mimesis", "faker", "fake_useragent"}


IMPORTS = [
    ("import eventer.kernels.draw", LARGE),
    (f"from eventer.functions.row_reader import RowReader; {READ}", LARGE),
    ("import eventer.kernels.pgcopy.copy_stream", {"numba"}),
    (CALL_A_KERNEL, {"numba.np.arraymath"}),
]


def test_imports_are_small() -> None:
    """One after the other, in one process: the last one loads most."""
    code = "".join(f"{code}; print({large} & set(sys.modules))\n" for code, large in IMPORTS)
    command = [sys.executable, "-c", f"import sys\n{code}"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n" * len(IMPORTS)
