"""How `eventer.run` ends on Ctrl-C, with and without a running event loop."""

import asyncio
import os
import signal
import threading
from contextlib import suppress

import pytest

from eventer.library import run


@pytest.mark.parametrize("within_a_loop", [False, True])
def test_ctrl_c_ends_the_run(within_a_loop, monkeypatch):
    ended = []
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it

    async def deliver(_job, seed):
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(seed)

    monkeypatch.setattr(run, "_run", deliver)

    async def use():
        with suppress(KeyboardInterrupt):
            run._deliver(None, 7)
        return "interrupted"

    try:
        if within_a_loop:
            # As in a notebook, whose loop leaves signals to Python.
            loop = asyncio.new_event_loop()
            assert loop.run_until_complete(use()) == "interrupted"
            loop.close()
        else:
            with pytest.raises(KeyboardInterrupt):
                run._deliver(None, 7)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [7]
