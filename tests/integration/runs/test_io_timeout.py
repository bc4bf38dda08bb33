"""The time limit of destinations, with a real event loop."""

import asyncio

import pytest

from eventer.kernels.support.numba_loading import CompileActivity
from eventer.runs.io_timeout import io_timeout


async def test_time_of_loading_does_not_count() -> None:
    """All of the time is spent loading, however long it takes."""
    loading = CompileActivity()
    with loading:
        async with io_timeout(0.02, loading):
            await asyncio.sleep(0.2)


async def test_other_time_counts() -> None:
    """Also after time that was spent loading, before the limit began and since."""
    loading = CompileActivity()
    with loading:
        await asyncio.sleep(0.02)
    with pytest.raises(TimeoutError):
        await hang(loading)


async def hang(loading: CompileActivity) -> None:
    async with io_timeout(0.02, loading):
        with loading:
            await asyncio.sleep(0.05)
        await asyncio.Event().wait()
