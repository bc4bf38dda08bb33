"""Logs how many generators deliver again after the start of a service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from eventer.core.clock import NS_PER_SECOND, Clock
from eventer.core.logs import event
from eventer.service.generator import Generator

POLL_S: Final = 0.5
LOG_S: Final = 5.0
"""Seconds between the lines of a start that takes long."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StartProgress:
    """How many of the started generators deliver, wait for their destination, or do neither yet."""

    delivering: int
    waiting: int
    starting: int

    def __str__(self) -> str:
        total = self.delivering + self.waiting + self.starting
        waiting = f", {self.waiting:,} wait for their destination" if self.waiting else ""
        return f"{self.delivering:,} of {total:,} generators deliver{waiting}"


def start_progress(ids: Collection[int], generators: Mapping[int, Generator]) -> StartProgress:
    """The progress of the generators with these ids; removed and paused ones do not count."""
    started = [each for id_ in ids if (each := generators.get(id_)) and each.active]
    waiting = sum(each.waiting for each in started)
    starting = sum(map(_is_starting, started))
    return StartProgress(len(started) - waiting - starting, waiting, starting)


def _is_starting(generator: Generator) -> bool:
    return generator.active and not generator.waiting and generator.guarantee is None


async def log_start(
    ids: Collection[int], generators: Mapping[int, Generator], clock: Clock
) -> None:
    """Logs the progress of a start until each generator delivers or waits for its destination."""
    if not ids:
        return
    began = logged = clock.monotonic_ns()
    _log.info(
        "starting %s generators",
        f"{len(ids):,}",
        extra=event("generators_starting", generators=len(ids)),
    )
    rest = list(ids)
    while rest := [id_ for id_ in rest if id_ in generators and _is_starting(generators[id_])]:
        if clock.monotonic_ns() - logged >= LOG_S * NS_PER_SECOND:
            logged = clock.monotonic_ns()
            _log.info("%s", start_progress(ids, generators), extra=event("generators_progress"))
        await asyncio.sleep(POLL_S)
    seconds = (clock.monotonic_ns() - began) / NS_PER_SECOND
    _log.info(
        "%s, %.1f s after the start",
        start_progress(ids, generators),
        seconds,
        extra=event("generators_started", generators=len(ids), seconds=round(seconds, 3)),
    )
