"""Missing kernels are compiled in a separate process, or in this one if that fails."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventer.kernels.support import compile_client
from eventer.kernels.support.compile_client import CompileClient
from tests.waiting import DEADLINE_S

ECHO = """
import pickle, sys, time
while True:
    try:
        name = pickle.load(sys.stdin.buffer)[1]
    except EOFError:
        break
    if name == "dies":
        break
    if name == "hangs":
        time.sleep(600)
    sys.stdout.buffer.write(b"-" if name == "fails" else b"+")
    sys.stdout.flush()
"""
"""Answers like the compile process, without the import of Numba."""

FIRST = """
import numpy as np
import psutil
from eventer.kernels.json import line_loops
from eventer.kernels.support import kernel_cache

{before}
out = np.zeros(100, np.uint8)
line_loops.write_lines(np.array([0, 1, 3]), np.frombuffer(b"abc", np.uint8), out)
assert out[:5].tobytes() == b"a\\nbc\\n", out
kernel_cache._COMPILE_CLIENT.stop()
print(len(psutil.Process().children()), *COUNTS)
"""
COUNTED = """
COUNTS = [0, 0]
from numba.core import event


class Counted(event.Listener):
    def on_start(self, activity):
        COUNTS[0] += activity.data["dispatcher"].py_func.__name__ == "write_lines"

    def on_end(self, activity):
        COUNTS[1] += activity.data["dispatcher"].py_func.__name__ == "write_lines"


event.register("numba:compile", Counted())
"""


@pytest.fixture
def compiler() -> Iterator[CompileClient]:
    client = CompileClient((sys.executable, "-c", ECHO), idle_timeout_s=DEADLINE_S)
    yield client
    client.stop()


def first_call(cache: Path, before: str = "") -> str:
    """The child processes after the first call of a kernel, and the compilations of this one."""
    ended = subprocess.run(
        [sys.executable, "-c", FIRST.format(before=COUNTED + before)],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_kernel_is_compiled_once_in_another_process(tmp_path: Path) -> None:
    """One of two processes starts it; the other one, and later ones, find it in the cache."""
    keeps = f"kernel_cache._COMPILE_CLIENT._idle_timeout_s = {DEADLINE_S}"
    asks = FIRST.format(before=COUNTED + keeps).replace(
        "kernel_cache._COMPILE_CLIENT.stop()", "COUNTS += [kernel_cache._COMPILE_CLIENT._process]"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", asks],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [each.communicate(timeout=DEADLINE_S)[0].split(maxsplit=3) for each in asking]
    assert [each.returncode for each in asking] == [0, 0]
    assert sorted(children for children, *_ in answers) == ["0", "1"]
    assert [compilations for _, *compilations, _ in answers] == [["0", "0"]] * 2
    assert sum(started.strip() == "None" for *_, started in answers) == 1
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}
    assert len(kept) == 1
    assert first_call(tmp_path, "kernel_cache._COMPILE_CLIENT.compile_into_cache = None") == "0 0 0"
    assert kept == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}


@pytest.mark.parametrize(
    "command", ["no-such-command", pytest.param("false", marks=pytest.mark.slow)]
)
def test_a_kernel_is_compiled_in_this_process_as_fallback(tmp_path: Path, command: str) -> None:
    assert (
        first_call(tmp_path, f"kernel_cache._COMPILE_CLIENT._command = ({command!r},)") == "0 1 1"
    )


def test_compiles_or_reports_failure(compiler: CompileClient) -> None:
    assert compiler.compile_into_cache("module", "works", ())
    assert not compiler.compile_into_cache("module", "fails", ())


def test_a_silent_process_is_killed_and_not_asked_again() -> None:
    compiler = CompileClient((sys.executable, "-c", ECHO), answer_timeout_s=0.2)
    assert not compiler.compile_into_cache("module", "hangs", ())
    assert compiler._process is None
    assert not compiler.compile_into_cache("module", "works", ())
    assert compiler._process is None


def test_a_process_that_dies_while_compiling_is_not_asked_again(compiler: CompileClient) -> None:
    assert not compiler.compile_into_cache("module", "dies", ())
    assert not compiler.compile_into_cache("module", "works", ())


def test_an_interrupted_answer_is_not_read_as_the_next_one(
    compiler: CompileClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    assert compiler.compile_into_cache("module", "works", ())
    with monkeypatch.context() as patch:
        patch.setattr(compile_client.os, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiler.compile_into_cache("module", "fails", ())
    assert compiler.compile_into_cache("module", "works", ())
    assert not compiler.compile_into_cache("module", "fails", ())


def test_process_stops_at_once_when_no_timer_can_start(
    compiler: CompileClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert compiler.compile_into_cache("module", "works", ())
    assert compiler._process is None


def test_process_gets_no_eventer_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTER_KAFKA__PASSWORD", "secret")
    asks = "import os, sys; sys.stdout.write('-+'['PATH' in os.environ and not any("
    asks += "name.startswith('EVENTER_') for name in os.environ)])"
    compiler = CompileClient((sys.executable, "-c", asks))
    assert compiler.compile_into_cache("module", "works", ())
    compiler.stop()


def test_a_killed_process_is_replaced(compiler: CompileClient) -> None:
    assert compiler.compile_into_cache("module", "works", ())
    os.kill(pid_of(compiler), signal.SIGKILL)
    assert compiler.compile_into_cache("module", "works", ())


def test_process_is_not_interrupted_with_its_parent(compiler: CompileClient) -> None:
    assert compiler.compile_into_cache("module", "works", ())
    assert os.getpgid(pid_of(compiler)) != os.getpgid(0)


def test_an_idle_process_exits() -> None:
    compiler = CompileClient((sys.executable, "-c", ECHO), idle_timeout_s=0.05)
    assert compiler.compile_into_cache("module", "works", ())
    assert compiler._timer is not None
    compiler._timer.join(DEADLINE_S)
    assert compiler._process is None


@pytest.mark.parametrize("busy", ["False", "True"])
def test_process_exits_with_its_parent(busy: str) -> None:
    """Also if the parent is killed during a compilation that never ends."""
    asking = f"""
import pickle, time
from eventer.kernels.support.compile_client import CompileClient

class Endless:
    def __reduce__(self):
        return (time.sleep, (600,))

compiler = CompileClient(idle_timeout_s={DEADLINE_S})
assert not compiler.compile_into_cache("math", "pi", ())
if {busy}:
    compiler._process.stdin.write(pickle.dumps(Endless()))
    compiler._process.stdin.flush()
print(compiler._process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", asking], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    assert select.select([child], [], [], DEADLINE_S) == ([child], [], [])
    os.close(child)


def pid_of(compiler: CompileClient) -> int:
    assert compiler._process is not None
    return compiler._process.pid
