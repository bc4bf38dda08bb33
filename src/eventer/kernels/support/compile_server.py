"""The process that compiles kernels: answers each question that `compiling.CompileClient` asks."""

from __future__ import annotations

import fcntl
import os
import pickle
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from eventer.kernels.support.compile_client import DONE, FAILED
from eventer.kernels.support.jit import dispatcher


def main() -> None:
    """Until there is no more to read."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who started this may have ignored it
    questions = sys.stdin.buffer
    answers = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Numba may print
    Thread(target=_exit_with_client, args=(questions.fileno(),), daemon=True).start()
    while True:
        try:
            module, name, signature = pickle.load(questions)  # noqa: S301  of our own making
        except EOFError:
            return
        os.write(answers, _answer(module, name, signature))


def _exit_with_client(questions: int) -> None:
    """Even where that is killed while a kernel is compiled."""
    poll = select.poll()
    poll.register(questions, 0)  # the other end's closing is told in any case
    poll.poll()
    os._exit(0)


def _answer(module: str, name: str, signature: Any) -> bytes:
    try:
        kernel = _kernel(module, name)
        with _locked(Path(kernel._cache.cache_path) / f"{name}.lock"):  # noqa: SLF001
            kernel.compile(signature)
    except Exception:  # noqa: BLE001  who asked compiles it and sees for itself
        return FAILED
    return DONE


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Of several processes that are asked for a kernel at once one compiles it.

    The others wait, and find it in the cache: `compile` looks there first.
    """
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@cache
def _kernel(module: str, name: str) -> Any:
    return dispatcher(getattr(import_module(module), name).__wrapped__, in_other_process=False)


if __name__ == "__main__":
    main()
