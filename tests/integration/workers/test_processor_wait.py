"""The time that a process waits for a processor, which Linux counts."""

import os
import subprocess
import sys

import pytest

from eventer.workers.processor_wait import ProcessorWait
from tests.waiting import wait_until

SPIN = "import os; os.sched_setaffinity(0, {%d})\nwhile True: pass"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts it")
def test_two_processes_on_one_core_wait_for_each_other():
    core = min(os.sched_getaffinity(0))
    rivals = [subprocess.Popen([sys.executable, "-c", SPIN % core]) for _ in range(2)]
    try:
        wait = ProcessorWait(rivals[0].pid)
        wait_until(lambda: wait.advance() > 0.01)
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()


def test_a_process_that_sleeps_or_has_ended_waits_for_none():
    sleeper = subprocess.Popen(["sleep", "100"])
    wait = ProcessorWait(sleeper.pid)
    wait_until(lambda: wait.advance() < 0.001)
    sleeper.kill()
    sleeper.wait()
    assert wait.advance() == 0
