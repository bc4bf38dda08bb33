"""The command line in an empty folder, as a process or, for speed, in this process."""

import io
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eventer.cli.main import app
from eventer.core.errors import EventerError
from eventer.core.large_stack import run_with_large_stack
from eventer.jsonnet.importer import FolderImporter, NoLibrary
from eventer.workers.inspector_requests import reply_to
from tests.waiting import DEADLINE_S


class InspectorHere:
    """Evaluates templates in this process: to start an inspector takes a second of CPU time."""

    def __init__(self, _count, config, _fork_client):
        self._importer = NoLibrary() if config.library is None else FolderImporter(config.library)

    def start(self):
        pass

    async def stop(self):
        pass

    async def ask(self, request, kind, _seconds):
        reply = run_with_large_stack(lambda: reply_to(request, self._importer))
        answer = pickle.loads(pickle.dumps(reply)).answer
        if isinstance(answer, EventerError):
            raise answer
        assert isinstance(answer, kind)
        return answer


@dataclass
class Shell:
    """Runs `eventer` in one folder, with an environment without the tester's variables."""

    folder: Path

    def __post_init__(self):
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("EVENTER_")}
        self.env |= {"HOME": str(self.folder), "EVENTER_DATA_DIR": str(self.folder / "data")}
        self._started = []

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def run(self, *args, stdin="", **env):
        """Runs a command to its end; its errors do not tell that it compiles kernels."""
        done = subprocess.run(
            [sys.executable, "-m", "eventer", *map(str, args)],
            cwd=self.folder,
            env=self.env | env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        done.stderr = without_compile_notice(done.stderr)
        return done

    def call(self, *args, stdin="", **env):
        """Runs a command to its end in this process, without inspector processes."""
        said = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("stdout", "stderr")}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr("eventer.service.template_service.InspectorPool", InspectorHere)
            for name in os.environ.keys() - self.env.keys():
                patch.delenv(name)
            for name, value in (self.env | env).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
            for name, stream in said.items():
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as ended:
                app(list(map(str, args)))
        for stream in said.values():
            stream.flush()
        out, err = (stream.buffer.getvalue().decode() for stream in said.values())
        return subprocess.CompletedProcess(args, ended.value.code, out, without_compile_notice(err))

    def start(self, *args, **env):
        """Starts a command; it is killed at the end of the test."""
        process = subprocess.Popen(
            [sys.executable, "-m", "eventer", *map(str, args)],
            cwd=self.folder,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def close(self):
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def without_compile_notice(text):
    """Standard error without the notice of an empty cache of kernels."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("compiling kernels, "))


@pytest.fixture
def shell(tmp_path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.close()
