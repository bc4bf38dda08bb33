"""After `kill -9` at any point, no event is lost, and repeated events are equal."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventer.testing.destination_scenario import event, events
from tests.http_receiver import ACCEPTED, Answer, HttpReceiver, Received, http_receiver
from tests.integration.destinations.http.delivering_process import KEY, connection_to, deliver
from tests.waiting import wait_until


@contextmanager
def delivering(receiver: HttpReceiver, folder: Path, size: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", deliver.__module__, receiver.url, str(folder), str(size)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


async def committed(receiver: HttpReceiver, folder: Path) -> int:
    """The position that the next owner reads."""
    connection = connection_to(receiver.url, folder)
    await connection.open()
    found = (await connection.positions([KEY])).get(KEY)
    await connection.close()
    return 0 if found is None else found.next


class Killer:
    """Kills a process when the server has got some more events, before the answer to the last."""

    def __init__(self, receiver: HttpReceiver, more: int) -> None:
        self._receiver = receiver
        self._end = len(receiver.events("/t")) + more
        self.process: subprocess.Popen[str] | None = None

    def answer(self, request: Received) -> Answer:
        seen = sum(len(each.events) for each in [*self._receiver.accepted, request])
        if seen >= self._end and self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        return ACCEPTED


async def kill_often(folder: Path, kills: int, seed: int) -> int:
    """Kills processes in the middle of a delivery; returns how many events came again."""
    rng = random.Random(seed)
    with http_receiver() as receiver:
        for _ in range(kills):
            killer = Killer(receiver, rng.randint(1, 400))
            receiver.answer = killer.answer
            with delivering(receiver, folder, rng.choice([3, 200, 1_000])) as process:
                killer.process = process
                wait_until(lambda process=process: process.poll() is not None)
            check(receiver, await committed(receiver, folder))
        found = receiver.events("/t")
        return len(found) - len({each["n"] for each in found})


def check(receiver: HttpReceiver, position: int) -> None:
    """All events before the position arrived, in order; those that came again are equal."""
    found = receiver.events("/t")
    assert all(each == event(each["n"]) for each in found)
    first = list({each["n"]: each for each in found}.values())
    assert first == events(0, len(first))
    assert len(first) >= position


async def test_a_killed_process_loses_nothing(tmp_path):
    assert await kill_often(tmp_path, 2, seed=1) > 0


@pytest.mark.slow
async def test_many_killed_processes_lose_nothing(tmp_path):
    assert await kill_often(tmp_path, 40, seed=2) > 0
