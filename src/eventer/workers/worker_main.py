"""What a worker process does from its start to its end.

The process exits at once when the other end of its socket closes, so it never outlives its service.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Final

from eventer.core.logs import name_process
from eventer.functions.row_files import ROW_FILES
from eventer.workers.channel import Channel
from eventer.workers.crash_marker import CrashMarker
from eventer.workers.messages import WorkerConfig

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15


def main(end: int, crash_marker: int) -> None:
    """Serves the service; the arguments are descriptors of the socket and of the crash marker."""
    die_with_parent()
    # Ctrl-C and a supervisor's SIGTERM reach the whole process group, but the service decides.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    asyncio.run(_serve(socket.socket(fileno=end), CrashMarker(crash_marker)))


async def _serve(end: socket.socket, crash_marker: CrashMarker) -> None:
    channel = await Channel.over(end)
    with suppress(EOFError):
        config = await channel.receive()
        assert isinstance(config, WorkerConfig)
        ROW_FILES.folder = config.row_files
        _set_process_name(config.role)
        name_process(config.role)
        if config.role == "delivery":
            from eventer.workers.delivery_worker import serve_delivery

            limit_memory(config.memory)
            await serve_delivery(channel, config, crash_marker)
        elif config.role == "auditor":
            from eventer.workers.auditor import serve_auditor

            limit_memory(config.memory)
            await serve_auditor(channel, config)
        elif config.role == "tester":
            from eventer.workers.tester import serve_tester

            await serve_tester(channel, config)
        else:
            from eventer.workers.inspector import serve_inspector

            limit_memory(config.memory)
            await serve_inspector(channel, config, crash_marker)
    os._exit(0)


def die_with_parent() -> None:
    """Asks Linux for a signal when the parent dies; elsewhere the socket's end has to do."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _set_process_name(name: str) -> None:
    """Sets the name that `ps` and `top` show, on Linux."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode("ascii"))


def limit_memory(budget: int) -> None:
    """Limits the memory that this process may map to its current size and `budget` bytes."""
    with suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + budget
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
