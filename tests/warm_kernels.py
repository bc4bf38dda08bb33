"""Compiles all kernels before the tests start."""

import subprocess
import sys
from contextlib import suppress

import pytest

_MAX_WAIT_S = 900
"""Several times as long as it takes on a busy machine."""
_WARMING = pytest.StashKey[subprocess.Popen[bytes]]()


def warm_in_background(config: pytest.Config) -> None:
    """Starts to compile the kernels that are missing.

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
    config.stash[_WARMING] = warming
    config.add_cleanup(lambda: (warming.terminate(), warming.wait()))


def wait_for_kernels(config: pytest.Config) -> None:
    """Waits until the kernels are compiled, if that has been started.

    If that takes too long, the tests compile the kernels that they need themselves.
    """
    if (warming := config.stash.get(_WARMING, None)) is None:
        return
    with suppress(subprocess.TimeoutExpired):
        warming.wait(_MAX_WAIT_S)
