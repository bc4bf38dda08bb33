"""Child processes that evaluate programs with gojsonnet, with a time limit and replacement."""

import atexit
import json
import selectors
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from tests.waiting import DEADLINE_S

CHILD = Path(__file__).with_name("child.py")
PROGRAMS_PER_CHILD = 3_000

Value: TypeAlias = Any
"""A JSON value: None, bool, float (never int), str, list or dict."""


@dataclass(frozen=True)
class Error:
    """The failure of a program. `kind` is `error`, `timeout` or `crash`."""

    message: str
    kind: str = "error"


@dataclass(frozen=True)
class Program:
    """A program and its inputs. `library` holds the files that it may import."""

    text: str
    ext_codes: Mapping[str, str] = field(default_factory=dict)
    tla_codes: Mapping[str, str] = field(default_factory=dict)
    library: Mapping[str, str] = field(default_factory=dict)
    max_stack: int = 500


class GoJsonnet:
    """Runs one child process; replaces it after a crash, a timeout or `PROGRAMS_PER_CHILD` uses."""

    def __init__(self, timeout: float = DEADLINE_S) -> None:
        self.timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None
        self._evaluated = 0

    def evaluate(self, programs: Iterable[Program | str]) -> list[Value | Error]:
        """Returns the value or error of each program, in order."""
        return [self._evaluate_one(p if isinstance(p, Program) else Program(p)) for p in programs]

    def close(self) -> None:
        """Kills the child process, if it exists."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                pipe.close()

    def _evaluate_one(self, program: Program) -> Value | Error:
        child = self._ensure_child()
        try:
            child.stdin.write(json.dumps(asdict(program)).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            return Error("go-jsonnet crashed before it received the program", "crash")
        line = self._read_reply(child)
        if isinstance(line, Error):
            self.close()
            return line
        reply = json.loads(line)
        if "error" in reply:
            return Error(reply["error"])
        try:
            return json.loads(reply["value"], parse_int=float)
        except json.JSONDecodeError:
            return Error(f"not valid JSON: {reply['value'][:100]}")

    def _ensure_child(self) -> "subprocess.Popen[bytes]":
        if self._evaluated >= PROGRAMS_PER_CHILD:
            self.close()
        if self._child is None:
            self._evaluated = 0
            self._child = subprocess.Popen(
                [sys.executable, str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        self._evaluated += 1
        return self._child

    def _read_reply(self, child: "subprocess.Popen[bytes]") -> bytes | Error:
        """Reads one reply; returns an `Error` after a timeout or a crash."""
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not parts or not parts[-1].endswith(b"\n"):
                if not selector.select(self.timeout):
                    return Error(f"no answer within {self.timeout} s", "timeout")
                part = child.stdout.read(1 << 16)
                if not part:
                    return Error("the go-jsonnet process crashed", "crash")
                parts.append(part)
        return b"".join(parts)


_shared = GoJsonnet()
atexit.register(_shared.close)


def evaluate(programs: Iterable[Program | str]) -> list[Value | Error]:
    """Returns the value or error of each program, in order, from one shared `GoJsonnet`."""
    return _shared.evaluate(programs)
