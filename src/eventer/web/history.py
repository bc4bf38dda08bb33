"""The recent history of each generator, for charts: one sampler for all pages."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from eventer.core.errors import EventerError
from eventer.core.logs import event
from eventer.service.eventer import Eventer
from eventer.service.views import GeneratorView, ShardId, Snapshot, lateness_quantile
from eventer.web.sparkline import SPARK_POINTS, sparkline

PERIOD_SECONDS: Final = 1.0
RECENT_SAMPLES: Final = 300
"""Five minutes."""
HOUR_EVERY: Final = 20
"""The number of samples that one sample of the hour summarizes."""
HOUR_SAMPLES: Final = 180
STEP_GENERATORS: Final = 25
"""Generators that are handled without a break, so that requests do not wait."""
_LATENESS_WINDOW: Final = 30
_SPARK_EVERY: Final = RECENT_SAMPLES // SPARK_POINTS

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sample:
    """A generator at an instant (seconds since 1970): rates per second, times in seconds.

    `p50` and `p99` are upper bounds of the lateness of the events that its shard committed in the
    last 30 seconds; None without events.
    """

    at: float
    rate: float
    bytes_rate: float
    lag: int
    overdue: float
    p50: float | None = None
    p99: float | None = None


@dataclass(slots=True)
class History:
    """The samples of one generator, oldest first: each of five minutes, and one of each 20 s.

    `spark` is its sparkline; that of many samples is drawn again once per point.
    """

    recent: deque[Sample] = field(default_factory=lambda: deque(maxlen=RECENT_SAMPLES))
    hour: deque[Sample] = field(default_factory=lambda: deque(maxlen=HOUR_SAMPLES))
    bytes: int | None = None
    spark: str = ""
    _undrawn: int = 0
    _part: list[Sample] = field(default_factory=list)

    def add(self, view: GeneratorView, at: float, late: tuple[float | None, float | None]) -> None:
        """Adds a sample of a generator."""
        grown = 0 if self.bytes is None else max(0, view.bytes - self.bytes)
        elapsed = at - self.recent[-1].at if self.recent else 1.0
        self.bytes = view.bytes
        rate = view.delivered_rate
        sample = Sample(at, rate, grown / max(elapsed, 1e-3), view.lag, view.overdue, *late)
        self.recent.append(sample)
        self._part.append(sample)
        if len(self._part) == HOUR_EVERY:
            self.hour.append(summary_of(self._part))
            self._part.clear()
        self._draw(view.id)

    def last_hour(self) -> Sequence[Sample]:
        """The samples of the last hour; the newest one grows."""
        begun = (summary_of(self._part),) if self._part else ()
        return (*self.hour, *begun)[-HOUR_SAMPLES:]

    def _draw(self, turn: int) -> None:
        """Draws the sparkline, if it is its turn: not those of all generators in one second."""
        self._undrawn += 1
        if len(self.recent) > SPARK_POINTS and (self._undrawn + turn) % _SPARK_EVERY:
            return
        self.spark = sparkline([sample.rate for sample in self.recent])


def summary_of(samples: Sequence[Sample]) -> Sample:
    """The mean rates of samples, and their greatest lag and lateness, at the last of them."""
    return Sample(
        samples[-1].at,
        fmean(sample.rate for sample in samples),
        fmean(sample.bytes_rate for sample in samples),
        max(sample.lag for sample in samples),
        max(sample.overdue for sample in samples),
        max((each.p50 for each in samples if each.p50 is not None), default=None),
        max((each.p99 for each in samples if each.p99 is not None), default=None),
    )


class Sampler:
    """Takes samples of all generators; `snapshot` is the newest one. Removed ones are forgotten.

    `after` computes, in steps, what follows from a new snapshot.
    """

    def __init__(
        self,
        eventer: Eventer,
        after: Callable[[Snapshot, Mapping[int, History]], Iterator[None]] | None = None,
    ) -> None:
        self._eventer = eventer
        self._after = after
        self._lateness: dict[ShardId, deque[Sequence[int]]] = {}
        self._sampling = asyncio.Lock()
        self.histories: dict[int, History] = {}
        self.snapshot = Snapshot((), {}, ())

    async def run(self) -> None:
        """Takes a sample each second until it is cancelled."""
        while True:
            try:
                async with self._sampling:
                    await _in_steps(self._sample(await self._eventer.snapshot(), time.time()))
            except EventerError as error:
                _log.warning(
                    "the studio cannot read the generators: %s",
                    error.message,
                    extra=event("studio_sample_failed"),
                )
            await asyncio.sleep(PERIOD_SECONDS)

    async def refresh(self) -> None:
        """Reads the generators again, without a sample, after one was changed."""
        async with self._sampling:  # a sample that began before the change does not show it
            self.snapshot = await self._eventer.snapshot()
            if self._after is not None:
                await _in_steps(self._after(self.snapshot, self.histories))

    def add(self, snapshot: Snapshot, at: float) -> None:
        """Adds a sample of each generator."""
        deque(self._sample(snapshot, at), maxlen=0)

    def _sample(self, snapshot: Snapshot, at: float) -> Iterator[None]:
        """Adds a sample of each generator, in steps between which requests are answered."""
        late = self._add_lateness(snapshot)
        yield
        known = {view.id for view in snapshot.generators}
        for gone in self.histories.keys() - known:
            del self.histories[gone]
        for number, view in enumerate(snapshot.generators, 1):
            shard = ShardId(view.target.connection, view.record.shard)
            history = self.histories.setdefault(view.id, History())
            history.add(view, at, late.get(shard, (None, None)))
            if number % STEP_GENERATORS == 0:
                yield
        self.snapshot = snapshot
        if self._after is not None:
            yield from self._after(snapshot, self.histories)

    def _add_lateness(
        self, snapshot: Snapshot
    ) -> Mapping[ShardId, tuple[float | None, float | None]]:
        """The lateness of half and of 99 % of the events of each shard in the window."""
        found = {}
        for shard, totals in snapshot.shards.items():
            counts = self._lateness.setdefault(shard, deque(maxlen=_LATENESS_WINDOW))
            counts.append(tuple(totals.lateness))
            new = [last - first for first, last in zip(counts[0], counts[-1], strict=True)]
            found[shard] = lateness_quantile(new, 0.5), lateness_quantile(new, 0.99)
        return found


async def _in_steps(steps: Iterator[None]) -> None:
    """Takes the steps; requests are answered between them."""
    for _ in steps:
        await asyncio.sleep(0)
