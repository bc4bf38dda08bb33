"""A run receives every signal until it ends."""

import asyncio
import os
import signal

import pytest

from eventer.cli.signals import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_first_signal_ends_the_run_in_order(number):
    finished = asyncio.Event()
    async with stop_on_signals(finished.set) as received:
        os.kill(os.getpid(), number)
        assert not finished.is_set()  # the loop calls it, not the signal handler
        await asyncio.sleep(0)
        assert finished.is_set()
    assert received == [number]


async def test_a_signal_that_comes_as_the_run_ends_is_not_lost():
    async with stop_on_signals(asyncio.Event().set) as received:
        os.kill(os.getpid(), signal.SIGINT)
    assert received == [signal.SIGINT]


async def test_the_second_signal_has_its_default_effect():
    async with stop_on_signals(asyncio.Event().set) as received:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert received == [signal.SIGINT]
