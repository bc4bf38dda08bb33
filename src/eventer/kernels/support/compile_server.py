"""The process that compiles kernels for `compile_client.CompileClient`."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import sys
from functools import cache
from importlib import import_module
from threading import Thread
from typing import Any

from eventer.core.loading import without_garbage_collection
from eventer.kernels.support.compile_client import DONE, FAILED
from eventer.kernels.support.jit import dispatcher


def main() -> None:
    """Answers questions until the client closes the pipe."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent may ignore it
    questions = sys.stdin.buffer
    answers = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Numba may print
    Thread(target=_exit_with_client, args=(questions.fileno(),), daemon=True).start()
    with without_garbage_collection():
        _load_compiler()
        gc.freeze()
    while True:
        try:
            module, name, signature = pickle.load(questions)  # noqa: S301  from CompileClient
        except EOFError:
            return
        os.write(answers, _answer(module, name, signature))


def _load_compiler() -> None:
    """Loads what every compilation needs."""
    from eventer.kernels.support.kernel_codegen import generate_code_for_kernels_alone

    generate_code_for_kernels_alone()


def _exit_with_client(questions: int) -> None:
    """Exits when the client ends, also while a kernel is compiled."""
    poll = select.poll()
    poll.register(questions, 0)  # poll always reports that the other end is closed
    poll.poll()
    os._exit(0)


def _answer(module: str, name: str, signature: Any) -> bytes:
    try:
        _kernel(module, name).compile(signature)
    except Exception:  # noqa: BLE001  the client then compiles the kernel and gets the error
        return FAILED
    return DONE


@cache
def _kernel(module: str, name: str) -> Any:
    return dispatcher(getattr(import_module(module), name).__wrapped__, in_other_process=False)


if __name__ == "__main__":
    main()
