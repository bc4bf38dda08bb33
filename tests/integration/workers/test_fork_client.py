"""A worker process ends with its service, and has no variables with its secrets."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from eventer.core.errors import WorkerLostError
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import WorkerConfig
from eventer.workers.worker_process import WorkerProcess
from tests.waiting import wait_until

PARENT = """
import asyncio, sys
from eventer.workers.worker_process import WorkerProcess
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import WorkerConfig

async def main():
    config = WorkerConfig("inspector", 1, {}, None, 1 << 30)
    process = await WorkerProcess.start(config, ForkClient(inspectors_only=True))
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


def own_threads(pid: int) -> list[str]:
    """The names of its threads, without that of jemalloc."""
    paths = Path(f"/proc/{pid}/task").glob("*/comm")
    return [name for path in paths if (name := path.read_text().strip()) != "jemalloc_bg_thd"]


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


CRASHING_PARENT = """
import asyncio
from eventer.core.logs import LogSettings, configure_logging
from eventer.workers.fork_client import ForkClient
from eventer.workers.worker_process import WorkerProcess

async def main():
    client = ForkClient(inspectors_only=True)
    await (await WorkerProcess.start("not a configuration", client)).wait()
    client.stop()

configure_logging(LogSettings("json", "info"), "service")
asyncio.run(main())
"""


def test_worker_processes_log_in_the_form_of_their_service() -> None:
    """A worker that crashes writes one line, with its traceback."""
    done = subprocess.run(
        [sys.executable, "-c", CRASHING_PARENT], capture_output=True, text=True, check=True
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    (shown,) = (each for each in events if each["event"] == "process_crashed")
    assert shown["process"] == "fork-server"
    assert "AssertionError" in shown["traceback"]


@pytest.fixture
async def fork_client() -> AsyncIterator[ForkClient]:
    client = ForkClient(inspectors_only=True)
    yield client
    client.stop()


CONFIG = WorkerConfig("inspector", 1, {}, None, 1 << 30)


async def test_the_fork_server_has_one_thread() -> None:
    """A fork copies no other thread, nor the state of the locks that it holds.

    The thread of jemalloc, a part of Arrow, is the exception: jemalloc starts it after a fork.
    """
    fork_client = ForkClient()
    process = await WorkerProcess.start(CONFIG, fork_client)
    await process.ready()
    server = psutil.Process(process.pid).parent()
    assert server is not None
    # A new thread of jemalloc has the name of the process for a moment.
    await asyncio.to_thread(wait_until, lambda: len(own_threads(server.pid)) == 1)
    await process.kill()
    fork_client.stop()


async def test_a_cancelled_start_leaves_no_process_and_a_dead_server_is_replaced(
    fork_client: ForkClient,
) -> None:
    """The server is still loading when the caller gives up. Later it is killed."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await WorkerProcess.start(CONFIG, fork_client)
    process = await WorkerProcess.start(CONFIG, fork_client)
    server = psutil.Process(process.pid).parent()
    assert server is not None
    await asyncio.to_thread(
        wait_until, lambda: [each.pid for each in server.children()] == [process.pid]
    )
    await process.kill()
    assert server.children() == []

    process = await WorkerProcess.start(CONFIG, fork_client)
    await process.ready()
    server.kill()
    await process.kill()
    with suppress(WorkerLostError):  # the client notices it at the next request, or before
        process = await WorkerProcess.start(CONFIG, fork_client)
        await process.kill()
    second = await WorkerProcess.start(CONFIG, fork_client)
    await second.ready()
    await second.kill()
