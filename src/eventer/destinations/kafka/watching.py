"""What the topics of a connection are like, as far as it has looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventer.core.clock import NS_PER_SECOND, Clock
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    TargetUnavailableError,
)
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.delivery import kafka_target
from eventer.destinations.kafka.topic import Topic, Topics

_LOOKED_AT_EVERY_NS: Final = NS_PER_SECOND


class WatchedTopics:
    """Makes topics, makes again what was dropped, and sees what has grown: once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known: dict[str, Topic] = {}
        self._ensured_at: dict[str, int] = {}
        self._looked_at = 0

    def is_fresh(self, flow: Flow) -> bool:
        """Whether the topic of a flow was seen a moment ago: many flows of one ask once."""
        ensured_at = self._ensured_at.get(kafka_target(flow).topic)
        now = self._clock.monotonic_ns()
        return ensured_at is not None and now - ensured_at < _LOOKED_AT_EVERY_NS

    def are_fresh(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether all of the topics are known, and were looked at a moment ago."""
        known = all(kafka_target(item.flow).topic in self.known for item in deliveries)
        return known and self._clock.monotonic_ns() - self._looked_at < _LOOKED_AT_EVERY_NS

    async def ensure(self, topics: Topics, flow: Flow) -> None:
        """Sees what the topic is like now, and makes it where it is missing.

        Raises as `Topics.ensure` does.
        """
        target = kafka_target(flow)
        self.known[target.topic] = await topics.ensure(target)
        self._ensured_at[target.topic] = self._clock.monotonic_ns()

    async def look(
        self, client: Any, deliveries: Sequence[Delivery]
    ) -> dict[PositionKey, DestinationError]:
        """Looks at all of the topics; the flows whose topics are not to be had, and why."""
        now, topics = self._clock.monotonic_ns(), Topics(client)
        flows = {kafka_target(item.flow).topic: item.flow for item in deliveries}
        counts = await topics.counts(flows)
        changed = {
            name: flow
            for name, flow in flows.items()
            if name not in self.known or counts.get(name) != self.known[name].partitions
        }
        refused = await self._ensure_each(topics, changed)
        if changed:
            await client.force_metadata_update()
        self._looked_at = now
        return {
            item.flow.key: refused[topic]
            for item in deliveries
            if (topic := kafka_target(item.flow).topic) in refused
        }

    async def _ensure_each(
        self, topics: Topics, flows: Mapping[str, Flow]
    ) -> dict[str, DestinationError]:
        refused: dict[str, DestinationError] = {}
        for name, flow in flows.items():
            try:
                self.known[name] = await topics.ensure(kafka_target(flow))
            except (DestinationRejectedError, TargetUnavailableError) as error:
                self.known.pop(name, None)
                refused[name] = error
        return refused
