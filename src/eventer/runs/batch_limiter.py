"""Limits the size of transactions after one failed or took too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.clock import NS_PER_SECOND
from eventer.destinations.base import Delivery

NO_LIMIT: Final = 1 << 62
SLOW_NS: Final = 5 * NS_PER_SECOND
"""After a transaction that takes longer, the next one is smaller."""
QUICK_NS: Final = NS_PER_SECOND
VERY_QUICK_NS: Final = QUICK_NS // 4
"""After a full transaction that takes less time, the limit of events is doubled."""
STEADY_NS: Final = 5 * NS_PER_SECOND
"""After this time with only quick transactions, all limits are doubled."""
_LARGEST_LIMIT: Final = 1 << 20
"""A limit that would exceed this is lifted."""


@dataclass(slots=True)
class BatchLimiter:
    """The most flows and events of one transaction.

    After two failures in a row that name no flow, the next transaction holds a quarter of the
    flows, and so on until one flow fails alone and is at fault. A slow destination gets half as
    many events, until it commits them in time.
    """

    flows: int = NO_LIMIT
    events: int = NO_LIMIT
    failures: int = 0
    steady_since: int = 0

    def failed(self, deliveries: Sequence[Delivery], now: int) -> bool:
        """A transaction failed for an unknown reason. Returns whether its only flow is at fault."""
        self.failures += 1
        if self.failures == 1:
            return False
        if len(deliveries) == 1 and self.flows == 1:
            self.lift_limits()
            return True
        self._shrink(deliveries, now)
        return False

    def lift_limits(self) -> None:
        """Removes all limits: the flow at fault is known."""
        self.flows, self.events, self.failures = NO_LIMIT, NO_LIMIT, 0

    def committed(self, deliveries: Sequence[Delivery], took: int, now: int) -> None:
        """A transaction was committed after `took` nanoseconds."""
        if took > SLOW_NS:
            self._shrink(deliveries, now)
        if took > QUICK_NS:
            self.steady_since = now
        elif now - self.steady_since >= STEADY_NS:
            self.steady_since = now
            self.flows, self.events = _doubled(self.flows), _doubled(self.events)
        elif took < VERY_QUICK_NS and 2 * _events(deliveries) > self.events:
            self.events = _doubled(self.events)
        if self.flows == NO_LIMIT:
            self.failures = 0

    def _shrink(self, deliveries: Sequence[Delivery], now: int) -> None:
        self.steady_since = now
        self.flows = max(1, len(deliveries) // 4)
        self.events = max(1, _events(deliveries) // 2)


def _events(deliveries: Sequence[Delivery]) -> int:
    return sum(item.batches[-1].next - item.batches[0].first for item in deliveries)


def _doubled(limit: int) -> int:
    return NO_LIMIT if limit >= _LARGEST_LIMIT else limit * 2
