"""Compiles kernels in a separate process.

A process that compiles keeps some 75 MiB of the compiler, and compiling holds the GIL. The separate
process ends some seconds after the last kernel.
"""

from __future__ import annotations

import logging
import os
import pickle
import select
import subprocess
import sys
from contextlib import suppress
from threading import Lock, Timer
from typing import Any, Final

from eventer.core.logs import event
from eventer.kernels.support.cache_locator import CACHE_VARIABLE

DONE: Final = b"+"
FAILED: Final = b"-"
IDLE_TIMEOUT_S: Final = 5.0
ANSWER_TIMEOUT_S: Final = 300.0
"""Several times the compile time of the largest kernel on a very busy machine."""
_MAX_ATTEMPTS: Final = 2
_COMMAND: Final = (sys.executable, "-P", "-m", "eventer.kernels.support.compile_server")
"""-P: modules are not imported from the working directory."""

_log = logging.getLogger(__name__)


class CompileClient:
    """Starts the compile process when it is needed; the process ends with this one.

    It has its own process group, so that Ctrl-C does not reach it, and no settings of Eventer,
    because some are secrets, but the folder of the cache. If it does not answer, the client is
    disabled.
    """

    def __init__(
        self,
        command: tuple[str, ...] = _COMMAND,
        *,
        idle_timeout_s: float = IDLE_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._command = command
        self._idle_timeout_s = idle_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: Timer | None = None
        self._disabled = False

    def compile_into_cache(self, module: str, name: str, signature: Any) -> bool:
        """Compiles a kernel for a Numba signature into its cache; returns whether it did."""
        question = pickle.dumps((module, name, signature))
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            answer = self._answer(question)
            if self._process is not None:
                self._stop_when_idle()
        return answer == DONE

    def stop(self) -> None:
        """Stops the process."""
        with self._lock:
            self._stop()

    def _answer(self, question: bytes) -> bytes:
        """The answer of the process, or nothing; a killed process is replaced once."""
        for _ in range(_MAX_ATTEMPTS):
            if self._disabled:
                break
            try:
                if answer := self._ask(question):
                    return answer
            except OSError as error:
                _log.info(
                    "the compile process does not run: %s",
                    error,
                    extra=event("compile_process_failed"),
                )
            except BaseException:
                self._stop(kill=True)  # a late answer would count for the next question
                raise
            self._stop(kill=True)
        if not self._disabled:
            _log.warning(
                "the compile process does not answer: kernels are compiled in this process",
                extra=event("compile_process_disabled"),
            )
        self._disabled = True
        return b""

    def _ask(self, question: bytes) -> bytes:
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question)
        self._process.stdin.flush()
        answers = self._process.stdout.fileno()
        ready, _, _ = select.select([answers], [], [], self._answer_timeout_s)
        return os.read(answers, 1) if ready else b""

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  this interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith("EVENTER_") or name == CACHE_VARIABLE
            },
            process_group=0,
        )

    def _stop_when_idle(self) -> None:
        timer = Timer(self._idle_timeout_s, lambda: self._stop_idle(timer))
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # no further thread can be started
            self._stop()
        else:
            self._timer = timer

    def _stop_idle(self, timer: Timer) -> None:
        with self._lock:
            if self._timer is timer:
                self._stop()

    def _stop(self, *, kill: bool = False) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            process.wait(self._idle_timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
