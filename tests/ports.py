"""Ports for servers of tests: nobody else gets one between the choice and the start, or a restart.

They lie below the range from which Linux gives ports to outgoing connections, and are drawn from
the system's randomness, because the tests of every worker share the seed of `random`.
"""

import contextlib
import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST, _LAST = 10_240, 32_767
_TRIES = 200


def free_port() -> int:
    """A port of loopback that nobody listens on, nor is given by the system to anybody."""
    last = int(_RANGE.read_text().split()[0]) - 1 if _RANGE.exists() else _LAST
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(_FIRST, max(last, _FIRST + 1_000))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port of loopback found")
