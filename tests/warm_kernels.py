"""Compiles all kernels before the tests start."""

import subprocess
import sys

import pytest

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
    """Waits until the kernels are compiled, if that has been started."""
    if _WARMING in config.stash:
        config.stash[_WARMING].wait()
