"""Executes a server that ends with its parent. Run as a script.

    python -I -S server_launcher.py PARENT_PID UID GID DIRECTORY PROGRAM [ARGUMENT...]

It is a script and not a `preexec_fn`, because the parent has threads. It opens the directory
before it gives up root, since the new user may not have access: the program uses
`DIRECTORY_PATH`. Linux signals the server when the thread that started this script ends. A change
of user clears that request, so the order below matters.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
DIRECTORY_DESCRIPTOR = 63
DIRECTORY_PATH = f"/proc/self/fd/{DIRECTORY_DESCRIPTOR}"
"""A path to the directory for all processes that inherit the descriptor."""


def launch_command(program: list[str], directory: str, uid: int = -1, gid: int = -1) -> list[str]:
    """The command that executes a program by this script, as a child of this process."""
    launcher = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
    return [*launcher, str(uid), str(gid), directory, *program]


def main(arguments: list[str]) -> None:
    """Opens the directory, changes the user (where UID is not -1), and executes the program."""
    parent, uid, gid = (int(text) for text in arguments[:3])
    directory, program = arguments[3], arguments[4:]
    os.chdir("/")  # the programs change directory and return to the initial one
    if uid >= 0:
        os.dup2(os.open(directory, os.O_RDONLY | os.O_DIRECTORY), DIRECTORY_DESCRIPTOR)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    _die_with_parent()
    if os.getppid() != parent:
        sys.exit("the parent ended before the server started")
    os.execv(program[0], program)  # noqa: S606  the program is the server that was located


def _die_with_parent() -> None:
    """Requests SIGINT (PostgreSQL's fast shutdown) at the parent's end, on Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))


if __name__ == "__main__":
    main(sys.argv[1:])
