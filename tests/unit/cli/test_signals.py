"""A run hears every signal that comes while it is under way, however late."""

import asyncio
import os
import signal

import pytest

from eventer.cli.run_session import stop_on_signals


class Run:
    def __init__(self) -> None:
        self.heard: list[signal.Signals] = []

    def interrupt(self, number: signal.Signals) -> None:
        self.heard.append(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_ends_the_run_in_order(number):
    one = Run()
    async with stop_on_signals(one):
        os.kill(os.getpid(), number)
        assert one.heard == []  # the run is told by its loop, not in the midst of something
        await asyncio.sleep(0)
        assert one.heard == [number]
    assert one.heard == [number]


async def test_a_signal_that_comes_as_the_run_ends_is_not_lost():
    one = Run()
    async with stop_on_signals(one):
        os.kill(os.getpid(), signal.SIGINT)
    assert one.heard == [signal.SIGINT]
    await asyncio.sleep(0)
    assert one.heard == [signal.SIGINT]


async def test_the_second_signal_has_its_default_effect():
    one = Run()
    async with stop_on_signals(one):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert one.heard == [signal.SIGINT]
