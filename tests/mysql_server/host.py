"""Runs a MariaDB server that all workers of a session share: `host.py SESSION DIRECTORY PORT`.

It has no system tables, so it accepts every user, and it does not wait for the disk. This process
prints a line when the server accepts connections. It ends the server at SIGTERM, or with the
process SESSION, even if that process is killed.
"""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.waiting import DEADLINE_S

OPTIONS = (
    "--no-defaults",
    "--skip-grant-tables",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--lc-messages-dir=/usr/share/mysql",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-stats-persistent=0",
    "--performance-schema=OFF",
    "--max-connections=200",
    "--user=root",
)


def start(directory: Path, port: int) -> subprocess.Popen[bytes]:
    """Starts a server, which may not accept connections yet."""
    data = directory / "data"
    (data / "mysql").mkdir(parents=True, exist_ok=True)
    with (directory / "server.log").open("ab") as log:
        return subprocess.Popen(
            [
                "/usr/sbin/mariadbd",
                *OPTIONS,
                f"--datadir={data}",
                f"--port={port}",
                f"--socket={directory / 'socket'}",
                f"--pid-file={directory / 'pid'}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Waits until the server accepts connections."""
    import pymysql

    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="eventer").close()
        except pymysql.MySQLError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server does not accept connections"
            time.sleep(0.05)
        else:
            return


def main(session: int, directory: Path, port: int) -> None:
    """Starts the server and kills it when process `session` ends."""
    watched = os.pidfd_open(session)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = start(directory, port)
    try:
        wait_for(server, port)
        print(port, flush=True)
        select.select([watched], [], [])
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
