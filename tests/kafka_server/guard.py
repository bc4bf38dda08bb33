"""Runs a command and kills it when another process ends: `guard.py PID COMMAND…`.

All workers of a test session share the broker. It may outlive the worker that started it, but never
the session, even if the session is killed.
"""

import os
import select
import signal
import subprocess
import sys


def main(watched: int, command: list[str]) -> int:
    """Runs the command until it or process `watched` ends; returns the command's exit code."""
    try:
        watched_fd = os.pidfd_open(watched)
    except ProcessLookupError:
        return 1
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    child_fd = os.pidfd_open(child.pid)
    readable, _, _ = select.select([watched_fd, child_fd], [], [])
    if child_fd not in readable:
        child.kill()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
