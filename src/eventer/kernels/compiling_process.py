"""The process that compiles kernels: answers each question that `compiling.Compiler` asks."""

from __future__ import annotations

import pickle
import sys
from functools import cache
from importlib import import_module
from typing import Any

from eventer.kernels.compiled import dispatcher
from eventer.kernels.compiling import DONE, FAILED


def main() -> None:
    """Until there is no more to read."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            module, name, signature = pickle.load(questions)  # noqa: S301  of our own making
        except EOFError:
            return
        answers.write(_answer(module, name, signature))
        answers.flush()


def _answer(module: str, name: str, signature: Any) -> bytes:
    try:
        _kernel(module, name).compile(signature)
    except Exception:  # noqa: BLE001  who asked compiles it and sees for itself
        return FAILED
    return DONE


@cache
def _kernel(module: str, name: str) -> Any:
    return dispatcher(getattr(import_module(module), name).__wrapped__, elsewhere=False)


if __name__ == "__main__":
    main()
