"""The process that starts worker processes for `fork_client.ForkClient`: it forks itself.

It has loaded the modules of all workers, so that a worker starts in milliseconds and shares their
memory. It runs no code of a worker and has no threads: a fork copies only the thread that forks.
(jemalloc, which Arrow loads, has a thread of its own and starts it again after a fork.)
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from importlib import import_module
from typing import Final, NoReturn

from eventer.core.logs import LogSettings, configure_logging
from eventer.workers.fork_client import FORK, INSPECTORS_ONLY, REPORT, REQUEST, STARTED

_DESCRIPTORS: Final = 2
_DELIVERY_MODULES: Final = (
    "eventer.destinations.kafka.connector",
    "eventer.destinations.postgres.connector",
    "eventer.destinations.file.connector",
    "eventer.workers.delivery_worker",
    "eventer.workers.auditor",
    "eventer.destinations.kafka.connection",
    "eventer.destinations.postgres.connection",
)


def main() -> None:
    """Serves requests until the client closes the socket, whose descriptor is the first argument.

    With the argument `INSPECTORS_ONLY` it does not load what only delivery workers need.
    """
    gc.disable()  # what is loaded stays: to search it for garbage again and again takes CPU time
    from eventer.workers import inspector, worker_main

    configure_logging(LogSettings.from_variables(os.environ), "fork-server")
    worker_main.die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM):  # they reach the whole process group
        signal.signal(number, signal.SIG_IGN)
    if sys.argv[2:] != [INSPECTORS_ONLY]:
        _load_delivery()
    inspector.warm_up()
    gc.freeze()  # collections of garbage do not visit what is loaded, so it stays shared
    gc.enable()
    ForkServer(socket.socket(fileno=int(sys.argv[1]))).serve()


def _load_delivery() -> None:
    from eventer.kernels.support.kernel_cache import load_runtime

    load_runtime()
    for module in _DELIVERY_MODULES:
        import_module(module)


class ForkServer:
    """Starts and kills workers on request, and reports their exit codes."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._workers: dict[int, int] = {}
        """The process id by process descriptor. A process is removed when it has been reported."""
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Serves until the client closes its end of the socket."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._workers:
                    self._report_end(descriptor)
                elif not self._serve_request():
                    return

    def _serve_request(self) -> bool:
        """Starts or kills a worker. Returns False if the client has closed the socket."""
        request, descriptors, _, _ = socket.recv_fds(self._control, REQUEST.size, _DESCRIPTORS)
        if not request:
            return False
        (pid,) = REQUEST.unpack(request)
        if pid == FORK:
            self._fork(*descriptors)
        elif pid in self._workers.values():  # its id cannot have been given to another process
            os.kill(pid, signal.SIGKILL)
        return True

    def _fork(self, end: int, crash_marker: int) -> None:
        try:
            pid = os.fork()
        except OSError:
            pid = FORK
        if pid == 0:
            self._become_worker(end, crash_marker)
        os.close(end)
        os.close(crash_marker)
        self._control.send(REPORT.pack(pid, STARTED))
        if pid != FORK:
            descriptor = os.pidfd_open(pid)
            self._workers[descriptor] = pid
            self._poll.register(descriptor, select.POLLIN)

    def _become_worker(self, end: int, crash_marker: int) -> NoReturn:
        from eventer.workers import worker_main

        self._control.close()
        for descriptor in self._workers:
            os.close(descriptor)
        try:
            worker_main.main(end, crash_marker)
        except BaseException:  # noqa: BLE001  the frames below are those of the fork server
            sys.excepthook(*sys.exc_info())
        os._exit(1)

    def _report_end(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        os.close(descriptor)
        pid = self._workers.pop(descriptor)
        _, status = os.waitpid(pid, 0)
        self._control.send(REPORT.pack(pid, os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main()
