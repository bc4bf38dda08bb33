"""Has kernels compiled by a process of its own.

A process that compiles keeps some 75 MiB of the compiler, and its other threads wait, as compiling
holds the GIL. Here that ends with the process, a while after the last kernel.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from contextlib import suppress
from threading import Lock, Timer
from typing import Any, Final

DONE: Final = b"+"
FAILED: Final = b"-"
IDLE_S: Final = 5.0
_TRIES: Final = 2
_COMMAND: Final = (sys.executable, "-P", "-m", "eventer.kernels.compiling_process")
"""Without the working directory among the places of modules: it is the user's."""


class Compiler:
    """The process, while there is one: it is started when it is needed.

    It has a group of its own, as Ctrl-C is none of its business: it ends when its input does, at
    the latest with this process.
    """

    def __init__(self, command: tuple[str, ...] = _COMMAND, idle_s: float = IDLE_S) -> None:
        self._command = command
        self._idle_s = idle_s
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: Timer | None = None

    def fill(self, module: str, name: str, signature: Any) -> bool:
        """Compiles a kernel for a signature of Numba's, into its cache; says whether it did."""
        question = pickle.dumps((module, name, signature))
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            answers = (self._answer(question) for _ in range(_TRIES))
            answer = next(filter(None, answers), FAILED)
            self._timer = Timer(self._idle_s, self.end)
            self._timer.daemon = True
            self._timer.start()
        return answer == DONE

    def end(self) -> None:
        """Ends the process, if there is one."""
        with self._lock:
            self._end()

    def _answer(self, question: bytes) -> bytes:
        """Nothing where the process has died."""
        answer = b""
        with suppress(OSError):
            if self._process is None:
                self._process = self._started()
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(question)
            self._process.stdin.flush()
            answer = self._process.stdout.read(1)
        if not answer:
            self._end()
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  this interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(OSError):
                process.communicate()
