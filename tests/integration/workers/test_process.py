"""A worker process lives no longer than its parent, and knows none of its secrets."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import asyncio, sys
from eventer.workers.worker_process import WorkerProcess
from eventer.workers.messages import WorkerConfig

async def main():
    process = await WorkerProcess.start(WorkerConfig("inspector", 1, {}, None, 1 << 30))
    if sys.argv[1] == "ready":
        await process.ready()
    print(process.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def orphan(when: str) -> int:
    """Starts a parent, kills it, and gives the process id of its worker."""
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


def gone_within(pid: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def test_process_exits_with_its_parent() -> None:
    assert gone_within(orphan("ready"), 5)


def test_it_ends_with_its_parent_while_loading() -> None:
    assert gone_within(orphan("loading"), 60)  # loading takes as long as the machine takes
