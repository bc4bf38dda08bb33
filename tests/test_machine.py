"""The probe tells a machine that stalls from one that does not."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.machine import Machine, Second, fit

pytestmark = pytest.mark.alone


def begin(machine):
    while not machine._file.read_text():
        time.sleep(0.01)


def test_a_stopped_probe_is_a_machine_that_stalls(tmp_path):
    with Machine(tmp_path) as machine:
        begin(machine)
        probe = machine._probe

        def stall():
            os.kill(probe.pid, signal.SIGSTOP)
            time.sleep(0.5)
            os.kill(probe.pid, signal.SIGCONT)
            time.sleep(0.2)

        stalled = machine.during(stall)
    assert stalled.late > 0.4
    assert stalled.stalled


def test_a_probe_that_is_not_done_yet_counts(tmp_path):
    with Machine(tmp_path) as machine:
        begin(machine)
        os.kill(machine._probe.pid, signal.SIGSTOP)
        assert machine.during(lambda: time.sleep(0.5)).late > 0.4


def test_what_the_test_itself_takes_excuses_nothing(tmp_path):
    spin = "import time\nend = time.monotonic() + 2\nwhile time.monotonic() < end: pass"

    def busy():
        count = os.cpu_count() or 1
        for process in [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(count)]:
            process.wait()

    with Machine(tmp_path) as machine:
        own = machine.during(busy).own
    # Other people's programs may take a part of the machine meanwhile.
    assert own > 0.1
    assert not Second(late=1.0, own=0.9).stalled
    assert Second(late=1.0, own=0.1).stalled
    assert Second(late=0.0, own=0.1, others=0.5).stalled


def test_a_stall_is_seen_in_the_seconds_after_it_too():
    calm, stall = Second(0.001, 0.2), Second(0.2, 0.1)
    assert fit([calm, stall, calm, calm, calm, calm]) == [0, 5]
