"""Cases of tests that stop or kill the service: they share its restarts, each 4 s of CPU time.

A case is a generator function of the broker's address and the service. It adds generators and
yields. After each restart it gets what ended the service, waits for progress, and yields again.
At last it gets `CHECK`: it checks what was delivered, and ends.
"""

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Any

from tests.acceptance.service_process import Service

CHECK = object()
"""Sent to a case instead of an end of the service."""

Case = Callable[[str, Service], Generator[None, Any, None]]


def run_cases(
    cases: Sequence[Case], kafka: str, service: Service, ends: Sequence[Callable[[Service], None]]
) -> None:
    """Runs all cases on one service, which is ended in these ways and started again each time."""
    running = [case(kafka, service) for case in cases]
    for case in running:
        next(case)
    for end in ends:
        end(service)
        service.start()
        for case in running:
            case.send(end)
    for case in running:
        with contextlib.suppress(StopIteration):
            case.send(CHECK)
            raise AssertionError(f"{case} continues after its checks")
