"""The recent history of each generator, for charts: one sampler for all pages."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from eventer.core.errors import EventerError
from eventer.service.eventer import Eventer
from eventer.service.views import GeneratorView, ShardId, Snapshot, lateness_quantile

PERIOD_SECONDS: Final = 1.0
RECENT_SAMPLES: Final = 300
"""Five minutes."""
HOUR_EVERY: Final = 20
"""The number of samples that one sample of the hour summarizes."""
HOUR_SAMPLES: Final = 180
_LATENESS_WINDOW: Final = 30

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
    """The samples of one generator, oldest first: each of five minutes, and one of each 20 s."""

    recent: deque[Sample] = field(default_factory=lambda: deque(maxlen=RECENT_SAMPLES))
    hour: deque[Sample] = field(default_factory=lambda: deque(maxlen=HOUR_SAMPLES))
    bytes: int | None = None
    _part: list[Sample] = field(default_factory=list)

    def add(self, view: GeneratorView, at: float, late: tuple[float | None, float | None]) -> None:
        """Adds a sample of a generator."""
        grown = 0 if self.bytes is None else max(0, view.bytes - self.bytes)
        elapsed = at - self.recent[-1].at if self.recent else 1.0
        self.bytes = view.bytes
        rate = view.delivered_rate
        sample = Sample(at, rate, grown / max(elapsed, 1e-3), view.lag, view.overdue, *late)
        self.recent.append(sample)
        if not self._part:
            self.hour.append(sample)
        self._part.append(sample)
        self.hour[-1] = summary_of(self._part)
        if len(self._part) == HOUR_EVERY:
            self._part.clear()


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
    """Takes samples of all generators; `snapshot` is the newest one. Removed ones are forgotten."""

    def __init__(self, eventer: Eventer) -> None:
        self._eventer = eventer
        self._lateness: dict[ShardId, deque[Sequence[int]]] = {}
        self.histories: dict[int, History] = {}
        self.snapshot = Snapshot((), {}, ())

    async def run(self) -> None:
        """Takes a sample each second until it is cancelled."""
        while True:
            try:
                self.add(await self._eventer.snapshot(), time.time())
            except EventerError as error:
                _log.warning("the studio cannot read the generators: %s", error.message)
            await asyncio.sleep(PERIOD_SECONDS)

    async def refresh(self) -> None:
        """Reads the generators again, without a sample, after one was changed."""
        self.snapshot = await self._eventer.snapshot()

    def add(self, snapshot: Snapshot, at: float) -> None:
        """Adds a sample of each generator."""
        self.snapshot = snapshot
        late = self._add_lateness(snapshot)
        known = {view.id for view in snapshot.generators}
        for gone in self.histories.keys() - known:
            del self.histories[gone]
        for view in snapshot.generators:
            shard = ShardId(view.target.connection, view.record.shard)
            history = self.histories.setdefault(view.id, History())
            history.add(view, at, late.get(shard, (None, None)))

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
