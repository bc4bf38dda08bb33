"""The process that starts worker processes for `fork_client.ForkClient`: it forks itself.

It has loaded the modules of all workers, so that a worker starts in milliseconds and shares their
memory. It runs no code of a worker and has no threads: a fork copies only the thread that forks.
(jemalloc, which Arrow loads, has a thread of its own and starts it again after a fork.)
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

from eventer.kernels.support.numba_loading import numba
from eventer.workers import inspector, worker_main
from eventer.workers.fork_client import INSPECTORS_ONLY, PID

_DESCRIPTORS: Final = 2
_DELIVERY_MODULES: Final = (
    "eventer.workers.connectors",
    "eventer.workers.delivery_worker",
    "eventer.workers.auditor",
    "eventer.destinations.kafka.connection",
    "eventer.destinations.postgres.connection",
)


def main() -> None:
    """Serves requests until the client closes the socket, whose descriptor is the first argument.

    With the argument `INSPECTORS_ONLY` it does not load what only delivery workers need.
    """
    worker_main.die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole process group
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel removes ended workers
    if sys.argv[2:] != [INSPECTORS_ONLY]:
        _load_delivery()
    inspector.warm_up()
    gc.collect()
    gc.freeze()  # collections of garbage do not visit what is loaded, so it stays shared
    with socket.socket(fileno=int(sys.argv[1])) as control:
        while _serve_request(control):
            pass


def _load_delivery() -> None:
    numba()
    for module in _DELIVERY_MODULES:
        import_module(module)


def _serve_request(control: socket.socket) -> bool:
    """Starts a worker. Returns False if the client has closed the socket."""
    request, descriptors, _, _ = socket.recv_fds(control, 1, _DESCRIPTORS)
    if not request:
        return False
    try:
        pid = os.fork()
    except OSError:
        pid = 0
    else:
        if pid == 0:
            control.close()
            _become_worker(*descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    with suppress(OSError):  # the client has gone: the next request says so
        control.send(PID.pack(pid))
    return True


def _become_worker(end: int, crash_marker: int) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # it waits for processes of its own
    try:
        worker_main.main(end, crash_marker)
    except BaseException:  # noqa: BLE001  the frames below are those of the fork server
        sys.excepthook(*sys.exc_info())
    os._exit(1)


if __name__ == "__main__":
    main()
