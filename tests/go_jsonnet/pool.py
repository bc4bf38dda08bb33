"""Child processes that evaluate programs with gojsonnet: made on demand, bounded, replaced."""

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
"""What JSON says: None, bool, float (never int), str, list, dict."""


@dataclass(frozen=True)
class Error:
    """A program without a value. `kind` is `error`, `timeout` or `crash`."""

    message: str
    kind: str = "error"


@dataclass(frozen=True)
class Program:
    """A program and what it asks of the world. `library` holds the files that it may import."""

    text: str
    ext_codes: Mapping[str, str] = field(default_factory=dict)
    tla_codes: Mapping[str, str] = field(default_factory=dict)
    library: Mapping[str, str] = field(default_factory=dict)
    max_stack: int = 500


class GoJsonnet:
    """One child process at a time, replaced when it dies, overruns or has served long enough."""

    def __init__(self, timeout: float = DEADLINE_S) -> None:
        self.timeout = timeout
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0

    def evaluate(self, programs: Iterable[Program | str]) -> list[Value | Error]:
        """The value or error of each program, in order."""
        return [self._one(p if isinstance(p, Program) else Program(p)) for p in programs]

    def close(self) -> None:
        """Ends the child, if there is one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                pipe.close()

    def _one(self, program: Program) -> Value | Error:
        child = self._ready()
        try:
            child.stdin.write(json.dumps(asdict(program)).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            self.close()
            return Error("the go-jsonnet process died before the request", "crash")
        line = self._line(child)
        if isinstance(line, Error):
            self.close()
            return line
        reply = json.loads(line)
        if "error" in reply:
            return Error(reply["error"])
        try:
            return json.loads(reply["value"], parse_int=float)
        except json.JSONDecodeError:
            return Error(f"no JSON: {reply['value'][:100]}")

    def _ready(self) -> "subprocess.Popen[bytes]":
        if self._served >= PROGRAMS_PER_CHILD:
            self.close()
        if self._child is None:
            self._served = 0
            self._child = subprocess.Popen(
                [sys.executable, str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        self._served += 1
        return self._child

    def _line(self, child: "subprocess.Popen[bytes]") -> bytes | Error:
        """One reply, or the reason why there is none."""
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not parts or not parts[-1].endswith(b"\n"):
                if not selector.select(self.timeout):
                    return Error(f"no answer within {self.timeout} s", "timeout")
                part = child.stdout.read(1 << 16)
                if not part:
                    return Error("the go-jsonnet process died", "crash")
                parts.append(part)
        return b"".join(parts)


_shared = GoJsonnet()
atexit.register(_shared.close)


def evaluate(programs: Iterable[Program | str]) -> list[Value | Error]:
    """The value or error of each program, in order, from a process that all callers share."""
    return _shared.evaluate(programs)
