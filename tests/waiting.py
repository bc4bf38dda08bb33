"""Waits for conditions, with a deadline that is long enough for a busy machine."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

DEADLINE_S = 300.0
"""The limit of every wait; no test result depends on how long a wait takes."""

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.25

T = TypeVar("T")


def pauses() -> Iterator[float]:
    """Seconds between polls: short at first, longer later, since each poll takes CPU time."""
    pause = _FIRST_PAUSE_S
    while True:
        yield pause
        pause = min(pause * 1.3, _LONGEST_PAUSE_S)


def wait_until(
    condition: Callable[[], T],
    message: str | Callable[[], str] = "",
    seconds: float = DEADLINE_S,
) -> T:
    """Polls until `condition` returns a true value, and returns it.

    If `message` is a function, it is called only after the deadline.

    Raises:
        AssertionError: the deadline passed.
    """
    deadline, pause = time.monotonic() + seconds, pauses()
    while not (result := condition()):
        if time.monotonic() >= deadline:
            text = message if isinstance(message, str) else message()
            raise AssertionError(text or f"not within {seconds:g} s")
        time.sleep(next(pause))
    return result


async def wait_until_async(
    condition: Callable[[], Awaitable[T]], message: str = "", seconds: float = DEADLINE_S
) -> T:
    """Like `wait_until`, for an asynchronous condition."""
    deadline, pause = time.monotonic() + seconds, pauses()
    while not (result := await condition()):
        assert time.monotonic() < deadline, message or f"not within {seconds:g} s"
        await asyncio.sleep(next(pause))
    return result
