"""Chooses the port that a server listens on."""

from __future__ import annotations

import socket
from contextlib import suppress

from eventer.core.errors import ConfigError


def free_port(address: str, wanted: int) -> int:
    """The wanted port, or any free one if it is taken.

    Raises:
        ConfigError: no port of this address is free.
    """
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As the servers do: a port whose last connections linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((address, port))
                return int(probe.getsockname()[1])
    raise ConfigError(f"no port of {address} is free")
