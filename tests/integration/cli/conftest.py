"""The command line in an empty folder, as a process or, for speed, in this process."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eventer.cli.main import app
from tests.waiting import DEADLINE_S


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
        """Runs a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "eventer", *map(str, args)],
            cwd=self.folder,
            env=self.env | env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def call(self, *args, stdin="", **env):
        """Runs a command to its end in this process."""
        said = {name: io.TextIOWrapper(io.BytesIO(), "utf-8") for name in ("stdout", "stderr")}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
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
        return subprocess.CompletedProcess(args, ended.value.code, out, err)

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


@pytest.fixture
def shell(tmp_path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    yield shell
    shell.close()
