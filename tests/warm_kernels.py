"""Compiles all kernels before the tests start."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kernels_warmed() -> Iterator[None]:
    """Compiles the kernels that are missing, beside the body, and waits for them.

    Otherwise each process that needs a missing kernel starts a compile process. Tests that need a
    kernel that cannot be compiled report the error.
    """
    warming = subprocess.Popen(
        [sys.executable, "-m", "eventer", "warm"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # as `forked_workers.ForkedWorker`
    )
    try:
        yield
        warming.wait()
    finally:
        warming.terminate()
        warming.wait()
