"""Follows the committed events of a generator: recomputes the newest ones of each second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from eventer.workers.inspector_messages import RecomputedEvents

MAX_RATE: Final = 50
"""Events per second that are shown; of more, only the newest."""
POLL_SECONDS: Final = 1.0


async def follow_events(
    position: Callable[[], int],
    recompute: Callable[[int, int], Awaitable[RecomputedEvents]],
    *,
    last: int,
    poll_seconds: float = POLL_SECONDS,
) -> AsyncIterator[RecomputedEvents]:
    """Pages of committed events, without end; a page is empty if no event was committed.

    Begins with the `last` committed events. `position` is the index of the next event to commit,
    and `recompute(first, count)` generates events again. A position that goes back belongs to a new
    incarnation, of which nothing was shown.
    """
    end = position()
    shown = max(0, end - last)
    while True:
        if end < shown:
            shown = 0
        first = max(shown, end - max(MAX_RATE, last))
        if first < end:
            yield await recompute(first, end - first)
        else:
            yield RecomputedEvents(end, ())
        shown, last = end, 0
        await asyncio.sleep(poll_seconds)
        end = position()
