"""Compiles all kernels before the first test that may need one."""

import os
import select
import subprocess
import sys

import pytest

_MAX_WAIT_S = 900
"""Several times as long as it takes on a busy machine."""
_ends: list[int] = []
"""The end of a pipe that is readable once the kernels are compiled; workers inherit it."""


def warm_in_background(config: pytest.Config) -> None:
    """Starts to compile the kernels that are missing.

    Otherwise each process that needs a missing kernel starts a compile process. Tests that need a
    kernel that cannot be compiled report the error.
    """
    end, writing = os.pipe()
    warming = subprocess.Popen(
        [sys.executable, "-m", "eventer", "warm"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],  # closed when the process ends
        start_new_session=True,  # as `forked_workers.ForkedWorker`
    )
    os.close(writing)
    _ends.append(end)
    config.add_cleanup(lambda: (warming.terminate(), warming.wait()))


def wait_for_kernels() -> None:
    """Waits until the kernels are compiled, if that has been started.

    If that takes too long, the tests compile the kernels that they need themselves.
    """
    while _ends:
        end = _ends.pop()
        select.select([end], [], [], _MAX_WAIT_S)
        os.close(end)
