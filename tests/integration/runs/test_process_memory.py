"""Released memory of a process, with real mappings of a real library."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from eventer.kernels.support.numba_loading import CompileActivity, numba
from eventer.runs.process_memory import CompilerPageReleaser, release_compiler_pages

SMAPS = Path("/proc/self/smaps")
MIB = 1 << 10

pytestmark = pytest.mark.skipif(not SMAPS.exists(), reason="mappings are read as Linux tells them")


def code_in_memory() -> int:
    """KiB of LLVM's code that are mapped."""
    total, counts = 0, False
    for line in SMAPS.read_text().splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            counts = "libllvmlite" in line and "r-xp" in line
        elif counts and first == "Rss:":
            total += int(rest[0])
    return total


def compile_something(number: int) -> None:
    double = numba().njit(lambda x: x * number)
    assert double(np.int64(3)) == 3 * number


def test_compiler_pages_are_released_and_loaded_again_on_demand() -> None:
    compile_something(2)
    assert code_in_memory() > 10 * MIB
    release_compiler_pages()
    assert code_in_memory() < 1 * MIB
    compile_something(5)
    assert code_in_memory() > 10 * MIB


async def test_compiler_pages_are_released_after_each_loading() -> None:
    loading = CompileActivity()
    end = CompilerPageReleaser(loading, quiet=0.0).watch()
    compile_something(2)
    await turns()
    assert code_in_memory() < 1 * MIB
    compile_something(7)
    await turns()
    assert code_in_memory() > 10 * MIB, "nobody said that something was loaded"
    await asyncio.to_thread(load, loading)
    await turns()
    assert code_in_memory() < 1 * MIB
    end()
    compile_something(11)
    load(loading)
    await turns()
    assert code_in_memory() > 10 * MIB


def load(loading: CompileActivity) -> None:
    with loading:
        pass


async def turns() -> None:
    """Runs the event loop until all ready callbacks have run."""
    for _ in range(10):
        await asyncio.sleep(0)
