"""A worker process ends with its parent, and has no variables with its secrets."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from eventer.workers.channel import Channel
from eventer.workers.messages import WorkerConfig
from eventer.workers.worker_process import WorkerProcess
from tests.waiting import wait_until

PARENT = """
import asyncio, sys
from eventer.workers.worker_process import WorkerProcess
from eventer.workers.messages import WorkerConfig

async def main():
    process = await WorkerProcess.start(WorkerConfig("inspector", 1, {}, None, 1 << 30))
    if sys.argv[1] == "ready":
        await process.ready()
    print(process.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def orphan(when: str) -> int:
    """Starts a parent, kills it, and returns the process id of its worker."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, when],
        stdout=subprocess.PIPE,
        env={**os.environ, "EVENTER_TOKEN": "secret"},
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if when == "ready":
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"EVENTER_TOKEN" not in environment
        parent.send_signal(signal.SIGKILL)
    return pid


@pytest.mark.parametrize("when", ["ready", "loading"])
def test_it_ends_with_its_parent_even_while_it_is_loading(when: str) -> None:
    pid = orphan(when)
    wait_until(lambda: not alive(pid), "it goes on")


async def test_a_cancelled_start_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    async def cancelled(_end: object) -> None:
        raise asyncio.CancelledError

    before = set(psutil.Process().children())
    monkeypatch.setattr(Channel, "over", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await WorkerProcess.start(WorkerConfig("inspector", 1, {}, None, 1 << 30))
    assert set(psutil.Process().children()) <= before
