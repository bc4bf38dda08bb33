"""`eventer serve` as a process of its own, and clients of others to look at what it does."""

import contextlib
import json
import os
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
    """A service on a port of its own; `stop`, `kill` and `start` again on the same data."""

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
        # The contract's commands name localhost:9099; curl itself may be told where that is.
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
        waiting.wait_until(self._answers, lambda: f"the service did not start:\n{self.log}")
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the service ended:\n{self.log}"
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def stop(self, signals: int = 1) -> None:
        """Ends it as an operator would, once or more impatiently; nothing of it is left running."""
        process, self._process = self._process, None
        if process is None:
            return
        family = self._family(process)
        process.send_signal(signal.SIGTERM)
        for _ in range(signals - 1):
            waiting.wait_until(lambda: not _catches(process.pid, signal.SIGTERM), "it goes on")
            process.send_signal(signal.SIGTERM)
        # A signal that comes while it ends ends it as it would any process.
        endings = (0,) if signals == 1 else (0, -signal.SIGTERM)
        assert process.wait(DEADLINE_S) in endings, self.log
        _, alive = psutil.wait_procs(family, timeout=DEADLINE_S)
        assert not alive, f"left running: {alive}"

    def kill(self) -> None:
        """Ends it and its workers without a word."""
        process, self._process = self._process, None
        if process is not None:
            for member in [*self._family(process), psutil.Process(process.pid)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            process.wait(DEADLINE_S)

    def workers(self) -> list[psutil.Process]:
        """The processes that it started, and that live."""
        assert self._process is not None
        return [member for member in self._family(self._process) if _lives(member)]

    def processes(self) -> list[psutil.Process]:
        """It and the processes that it started."""
        assert self._process is not None
        return [psutil.Process(self._process.pid), *self.workers()]

    def compilers(self) -> list[psutil.Process]:
        """Those of its processes that compile kernels for it; they end by themselves."""
        found = []
        for member in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "eventer.kernels.support.compile_server" in member.cmdline():
                    found.append(member)
        return found

    def memory(self) -> int:
        """What it and its workers hold, in bytes."""
        held = 0
        for member in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                held += member.memory_info().rss
        return held

    def processor_seconds(self) -> float:
        """What it and its workers have computed, those included that have ended."""
        used = 0.0
        for member in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = member.cpu_times()
                used += times.user + times.system + times.children_user + times.children_system
        return used

    @staticmethod
    def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(process.pid).children(recursive=True)
        return []

    def shell(self, command: str) -> str:
        """Runs a command of the contract, byte for byte, and gives what it prints."""
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
        """Status and JSON body of a GET."""
        return self._ask(urllib.request.Request(self.url + path))

    def post(self, path: str, body=None, *, raw: bytes | None = None, headers=None):
        """Status and JSON body of a POST."""
        data = raw if raw is not None else json.dumps(body if body is not None else {}).encode()
        request = urllib.request.Request(
            self.url + path,
            data,
            {"Content-Type": "application/json", **(headers or {})},
            method="POST",
        )
        return self._ask(request)

    @staticmethod
    def _ask(request):
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as reply:
                text = reply.read().decode()
                kind = reply.headers.get_content_type()
                return reply.status, json.loads(text) if kind.endswith("json") else text
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def generator(self, id: str):
        """One generator's status."""
        code, body = self.get(f"/generator/status?id={id}")
        assert code == 200, body
        return body

    def events(self, id: str, first: int, count: int) -> list:
        """Events made again by the service, in pages."""
        found: list = []
        while count > 0:
            page = min(count, 1000)
            code, body = self.get(f"/generator/events?id={id}&first={first}&count={page}")
            assert code == 200, body
            found += body["events"]
            first, count = first + page, count - page
        return found


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process does something of its own at a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next((line for line in status.splitlines() if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_well(generator) -> bool:
    """Whether it runs, as its status tells; that a server once answered late is told there, too."""
    error = generator["last_error"]
    late = error is not None and "no answer in time" in error["message"]
    return generator["state"] == "running" and (error is None or late)


def topic_events(bootstrap: str, topic: str) -> list:
    """All committed events of a topic as librdkafka reads them, by partition and offset."""
    return [json.loads(message.value()) for message in read_topic(bootstrap, topic)]


def table_rows(dsn: str, table: str) -> list[dict]:
    """All rows of a table as dictionaries; none where there is no such table."""
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        exists = connection.execute("select to_regclass(%s) as oid", (table,)).fetchone()
        if exists["oid"] is None:
            return []
        return connection.execute(f"select * from {table}").fetchall()
