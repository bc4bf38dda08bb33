"""Work on many items on the event loop, in steps between which other tasks run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

STEP_ITEMS: Final = 20
"""Items that are handled without a break."""

T = TypeVar("T")
R = TypeVar("R")


async def cooperative_map(
    function: Callable[[T], R], items: Iterable[T], *, step: int = STEP_ITEMS
) -> list[R]:
    """The results for the items as they are now; other tasks run after each `step` of them."""
    results: list[R] = []
    for number, item in enumerate(tuple(items)):
        if number and number % step == 0:
            await asyncio.sleep(0)
        results.append(function(item))
    return results
