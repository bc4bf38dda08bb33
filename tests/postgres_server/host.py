"""Runs a server that all workers of a session share: `host.py SESSION DIRECTORY BINARIES`.

A server ends with the thread that started it, so no worker can be its parent. This process prints
the DSN, and ends at SIGTERM or with the process SESSION, even if that process is killed.
"""

import os
import select
import signal
import sys
from pathlib import Path

from tests.postgres_server.server import TestServer


def main(session: int, directory: Path, binaries: Path) -> None:
    """Starts the server and stops it when process `session` ends."""
    watched = os.pidfd_open(session)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = TestServer(directory, binaries, max_connections="200", shared_buffers="64MB")
    server.start()
    try:
        print(server.server_dsn, flush=True)
        select.select([watched], [], [])
    finally:
        server.crash()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
