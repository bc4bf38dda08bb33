"""Runs `eventer dev` and measures the steps of its event loop.

Use it in place of `eventer dev`: `python -m benchmarks.metered_service [OPTION …]`. A step is a
callback that runs without a break, so it holds up all requests. Its CPU time depends less on the
load of the machine than elapsed times do. SIGUSR1 writes the steps since the last signal to the
file that `STEPS_FILE` names, as JSON, and forgets them.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from eventer.cli.main import main

STEPS_FILE: Final = "STEPS_FILE"
_SHOWN: Final = 40
_steps: list[tuple[float, str]] = []
_run = asyncio.Handle._run  # noqa: SLF001  the one place that all steps pass


def _measured_run(handle: Any) -> None:
    began = time.thread_time()
    _run(handle)
    _steps.append((time.thread_time() - began, _name(handle)))


def _name(handle: Any) -> str:
    """What the callback runs: a task's coroutine, or a function."""
    callback = handle._callback  # noqa: SLF001
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return str(getattr(owner.get_coro(), "__qualname__", owner.get_coro()))
    return str(getattr(callback, "__qualname__", callback))


def _write(*_: object) -> None:
    found, target = list(_steps), Path(os.environ[STEPS_FILE])
    _steps.clear()
    by_name: dict[str, list[float]] = {}
    for seconds, name in found:
        by_name.setdefault(name, []).append(seconds)
    names = sorted(by_name, key=lambda name: -sum(by_name[name]))[:_SHOWN]
    answer = {
        "steps": [seconds for seconds, _ in found],
        "names": {
            name: [len(by_name[name]), sum(by_name[name]), max(by_name[name])] for name in names
        },
    }
    part = target.with_suffix(".part")
    part.write_text(json.dumps(answer))
    part.rename(target)


if __name__ == "__main__":
    asyncio.Handle._run = _measured_run  # type: ignore[method-assign]  # noqa: SLF001
    signal.signal(signal.SIGUSR1, _write)
    sys.argv = ["eventer", "dev", "--plain", *sys.argv[1:]]
    main()
