"""A time limit for destinations, without the time in which this process compiles code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from eventer.kernels.support.numba_loading import LOADING, CompileActivity

_SHORTEST_CHECK_S: Final = 0.1


@asynccontextmanager
async def io_timeout(seconds: float, loading: CompileActivity = LOADING) -> AsyncIterator[None]:
    """Like `asyncio.timeout`, without the time in which the process loads or compiles code.

    Encoding a first batch compiles kernels, which takes long on a busy machine.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds - loading.seconds()
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as timeout:

        def check() -> None:
            nonlocal timer
            left = end + loading.seconds() - loop.time()
            if left <= 0:
                timeout.reschedule(loop.time())
            else:
                timer = loop.call_later(max(left, _SHORTEST_CHECK_S), check)

        timer = loop.call_later(seconds, check)
        try:
            yield
        finally:
            timer.cancel()
