"""Runs a command that must not outlive a process: `guard.py PID COMMAND…`.

The broker is shared by all workers of a test session, so it may outlive the one that started it,
but never the session, even one that is killed.
"""

import os
import select
import signal
import subprocess
import sys


def main(watched: int, command: list[str]) -> int:
    """Ends the command when `watched` is gone; returns the command's exit code otherwise."""
    try:
        other = os.pidfd_open(watched)
    except ProcessLookupError:
        return 1
    child = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    own = os.pidfd_open(child.pid)
    ended, _, _ = select.select([other, own], [], [])
    if own not in ended:
        child.kill()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
