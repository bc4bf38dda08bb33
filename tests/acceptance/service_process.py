"""Runs `eventer serve` as a process, and reads its API, topics and tables."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import psycopg

from tests import waiting
from tests.integration.kafka.harness import read_topic
from tests.ports import free_port
from tests.waiting import DEADLINE_S


class Service:
    """A service on a free port. It can be stopped or killed and started again on the same data."""

    def __init__(self, directory: Path, *, kafka: str | None = None, postgres: str | None = None):
        self.directory = directory
        self.port = free_port()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("EVENTER_")},
            "EVENTER_PORT": str(self.port),
            "EVENTER_DATA_DIR": str(directory / "data"),
            "EVENTER_INSTANCE_ID": "acceptance",
            "HOME": str(directory),
        }
        if kafka:
            self.env["EVENTER_KAFKA__BOOTSTRAP_SERVERS"] = kafka
        if postgres:
            self.env["EVENTER_POSTGRES__DSN"] = postgres
        self._process: subprocess.Popen[bytes] | None = None
        # The contract's commands use localhost:9099: this file redirects curl to the real port.
        (directory / ".curlrc").write_text(
            f'connect-to = "localhost:9099:127.0.0.1:{self.port}"\nsilent\nshow-error\n'
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.directory / "service.log").read_text(errors="replace")

    def start(self) -> "Service":
        with (self.directory / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "eventer", "serve"],
                cwd=self.directory,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        waiting.wait_until(self._is_ready, lambda: f"the service did not start:\n{self.log}")
        return self

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the service exited:\n{self.log}"
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def stop(self, signals: int = 1) -> None:
        """Sends SIGTERM `signals` times, waits for the exit, and checks that no child remains."""
        process, self._process = self._process, None
        if process is None:
            return
        children = self._children(process)
        process.send_signal(signal.SIGTERM)
        for _ in range(signals - 1):
            waiting.wait_until(
                lambda: not _handles_signal(process.pid, signal.SIGTERM),
                "the first signal has no effect",
            )
            process.send_signal(signal.SIGTERM)
        # The second signal may arrive after Eventer has restored the default handler.
        exit_codes = (0,) if signals == 1 else (0, -signal.SIGTERM)
        assert process.wait(DEADLINE_S) in exit_codes, self.log
        _, alive = psutil.wait_procs(children, timeout=DEADLINE_S)
        assert not alive, f"still running: {alive}"

    def wait_for_exit(self) -> int:
        """Waits until the service has ended by itself; returns its exit code."""
        process, self._process = self._process, None
        assert process is not None
        return process.wait(DEADLINE_S)

    def kill(self) -> None:
        """Kills the service and its workers with SIGKILL."""
        process, self._process = self._process, None
        if process is not None:
            for member in [*self._children(process), psutil.Process(process.pid)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            process.wait(DEADLINE_S)

    def workers(self) -> list[psutil.Process]:
        """The live child processes."""
        assert self._process is not None
        return [member for member in self._children(self._process) if _is_alive(member)]

    def processes(self) -> list[psutil.Process]:
        """The service process and its live child processes."""
        assert self._process is not None
        return [psutil.Process(self._process.pid), *self.workers()]

    def compilers(self) -> list[psutil.Process]:
        """The child processes that compile kernels; they exit when they finish."""
        compilers = []
        for member in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "eventer.kernels.support.compile_server" in member.cmdline():
                    compilers.append(member)
        return compilers

    def kill_worker(self, chance: random.Random) -> None:
        """Kills one of the processes that evaluate templates, deliver, or start the others."""
        worker = chance.choice([each for each in self.workers() if each not in self.compilers()])
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()

    def memory(self) -> int:
        """Resident memory of the service and its workers, in bytes, without compilers."""
        total, compilers = 0, self.compilers()
        for member in self.processes():
            if member in compilers:
                continue
            with contextlib.suppress(psutil.NoSuchProcess):
                total += member.memory_info().rss
        return total

    def cpu_seconds(self) -> float:
        """CPU time of the service and its workers, including workers that exited."""
        seconds = 0.0
        for member in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                seconds += times.user + times.system + times.children_user + times.children_system
        return seconds

    @staticmethod
    def _children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(process.pid).children(recursive=True)
        return []

    def shell(self, command: str) -> str:
        """Runs a command of the contract unchanged and returns its standard output."""
        done = subprocess.run(
            ["bash", "-c", command],
            env={**self.env, "CURL_HOME": str(self.directory)},
            capture_output=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def get(self, path: str):
        """Sends a GET and returns the status and the decoded body."""
        return self._send(urllib.request.Request(self.url + path))

    def post(self, path: str, body=None, *, raw: bytes | None = None, headers=None):
        """Sends a POST and returns the status and the decoded body."""
        data = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        request = urllib.request.Request(
            self.url + path,
            data,
            {"Content-Type": "application/json", **(headers or {})},
            method="POST",
        )
        return self._send(request)

    @staticmethod
    def _send(request):
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as reply:
                text = reply.read().decode()
                kind = reply.headers.get_content_type()
                return reply.status, json.loads(text) if kind.endswith("json") else text
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def generator(self, id: str):
        """The status of one generator."""
        code, body = self.get(f"/generator/status?id={id}")
        assert code == 200, body
        return body

    def events(self, id: str, first: int, count: int) -> list:
        """Events that the service recomputes, read in pages."""
        events: list = []
        while count > 0:
            page = min(count, 1000)
            code, body = self.get(f"/generator/events?id={id}&first={first}&count={page}")
            assert code == 200, body
            events += body["events"]
            first, count = first + page, count - page
        return events


def _handles_signal(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for this signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def remove_generators(service: Service) -> None:
    """Removes all generators: those that run take CPU time from later tests."""
    ids = [g["id"] for g in service.get("/generator/status")[1]["generators"]]
    if ids:
        code, body = service.post("/generator/remove", {"ids": ids})
        assert code == 200, body


def is_healthy(generator) -> bool:
    """Whether it runs without an error; a past timeout of a server does not count."""
    error = generator["last_error"]
    timeout = error is not None and "no answer in time" in error["message"]
    return generator["state"] == "running" and (error is None or timeout)


def topic_events(bootstrap: str, topic: str) -> list:
    """All committed events of a topic, in the order of partition and offset."""
    return [json.loads(message.value()) for message in read_topic(bootstrap, topic)]


def table_rows(dsn: str, table: str) -> list[dict]:
    """All rows of a table as dictionaries; empty if the table does not exist."""
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        exists = connection.execute("select to_regclass(%s) as oid", (table,)).fetchone()
        if exists["oid"] is None:
            return []
        return connection.execute(f"select * from {table}").fetchall()
