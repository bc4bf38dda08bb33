"""What Ctrl-C and SIGTERM do: the first one ends a command in order, the second one at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def stop_on_signals(finish: Callable[[], None]) -> AsyncIterator[Sequence[signal.Signals]]:
    """Calls `finish` in the loop on the first Ctrl-C or SIGTERM, which is then in the sequence.

    The second signal has its default effect.

    It uses Python's own handlers: handlers of the loop run in its next turn, and lose a signal
    that arrives just before they are removed.
    """
    loop = asyncio.get_running_loop()
    received: list[signal.Signals] = []

    def on_signal(number: int, _: object) -> None:
        restore()
        received.append(signal.Signals(number))
        loop.call_soon_threadsafe(finish)

    def restore() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    try:
        yield received
    finally:
        restore()


class ShutdownSignal:
    """Whether a signal was received; see `shutdown_on_signals`."""

    def __init__(self, main: asyncio.Task[object]) -> None:
        self._main = main
        self._triggered = asyncio.Event()
        self._is_awaited = False
        self.cancelled = False

    def trigger(self) -> None:
        """Handles the first signal; cancels a start in progress."""
        self._triggered.set()
        if not self._is_awaited:
            self.cancelled = True
            self._main.cancel()

    async def wait(self, seconds: float | None = None) -> None:
        """Waits for a signal, at most `seconds`."""
        self._is_awaited = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._triggered.wait(), seconds)


@asynccontextmanager
async def shutdown_on_signals() -> AsyncIterator[ShutdownSignal]:
    """A signal cancels the block, until the block waits for signals with `ShutdownSignal.wait`."""
    main = asyncio.current_task()
    assert main is not None
    shutdown = ShutdownSignal(main)
    async with stop_on_signals(shutdown.trigger):
        try:
            yield shutdown
        except asyncio.CancelledError:
            if not shutdown.cancelled:
                raise
            main.uncancel()
