"""Waits for a condition, as long as a busy machine may need."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

DEADLINE_S = 120.0
"""A limit for what must happen; no test passes or fails by how soon it happens."""

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T],
    message: str | Callable[[], str] = "",
    seconds: float = DEADLINE_S,
) -> T:
    """Polls until `condition` returns something true, and returns that.

    A message that is a function is asked only when the deadline has passed.

    Raises:
        AssertionError: the deadline passed.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() >= deadline:
            said = message if isinstance(message, str) else message()
            raise AssertionError(said or f"not within {seconds:g} s")
        time.sleep(0.02)
    return result


async def wait_until_async(
    condition: Callable[[], Awaitable[T]], message: str = "", seconds: float = DEADLINE_S
) -> T:
    """The same for a condition that is awaited."""
    deadline = time.monotonic() + seconds
    while not (result := await condition()):
        assert time.monotonic() < deadline, message or f"not within {seconds:g} s"
        await asyncio.sleep(0.02)
    return result
