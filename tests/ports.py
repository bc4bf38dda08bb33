"""Ports for test servers that stay free between the choice, the start and a restart.

They are below the range that Linux uses for outgoing connections, and come from the system's random
source, because all test workers share the seed of `random`. A port is given only once in a run:
servers bind theirs later.
"""

import contextlib
import os
import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST, _LAST = 10_240, 32_767
_TRIES = 2_000
_given: set[int] = set()


def free_port() -> int:
    """A free loopback port outside of the system's range for outgoing connections."""
    last = int(_RANGE.read_text().split()[0]) - 1 if _RANGE.exists() else _LAST
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(_FIRST, max(last, _FIRST + 1_000))
        if port in _given or not _is_own(port):
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _given.add(port)
            return port
    raise RuntimeError("no free loopback port found")


def _is_own(port: int) -> bool:
    """Whether this test worker may use a port; each of them has its own."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return port % workers == number % workers
