"""The state of a connection's topics, each refreshed at most once a second."""

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
from eventer.destinations.kafka.send_plan import kafka_target
from eventer.destinations.kafka.topic_admin import Topic, TopicAdmin

_REFRESH_INTERVAL_NS: Final = NS_PER_SECOND


class TopicCache:
    """Creates topics, also those that were dropped, and notices new partitions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.by_name: dict[str, Topic] = {}
        self._ensured_at: dict[str, int] = {}
        self._refreshed_at: dict[str, int] = {}

    def is_fresh(self, flow: Flow) -> bool:
        """Whether the topic of a flow was ensured within the last second."""
        return self._is_recent(self._ensured_at, kafka_target(flow).topic)

    def are_fresh(self, deliveries: Sequence[Delivery]) -> bool:
        """Whether each of the topics is known and was refreshed within the last second."""
        return not self._outdated(deliveries)

    def _outdated(self, deliveries: Sequence[Delivery]) -> dict[str, Flow]:
        """The topics that are unknown or were not refreshed within the last second."""
        flows = {kafka_target(item.flow).topic: item.flow for item in deliveries}
        return {
            name: flow
            for name, flow in flows.items()
            if name not in self.by_name or not self._is_recent(self._refreshed_at, name)
        }

    def _is_recent(self, times: Mapping[str, int], name: str) -> bool:
        at = times.get(name)
        return at is not None and self._clock.monotonic_ns() - at < _REFRESH_INTERVAL_NS

    async def ensure(self, topics: TopicAdmin, flow: Flow) -> None:
        """Reads the state of the flow's topic, and creates the topic if it is missing.

        Raises as `TopicAdmin.ensure` does.
        """
        target = kafka_target(flow)
        self.by_name[target.topic] = await topics.ensure(target)
        self._ensured_at[target.topic] = self._clock.monotonic_ns()

    async def refresh(
        self, client: Any, deliveries: Sequence[Delivery]
    ) -> dict[PositionKey, DestinationError]:
        """Refreshes the topics that are not fresh; the flows whose topics are unusable, and why."""
        now, topics = self._clock.monotonic_ns(), TopicAdmin(client)
        flows = self._outdated(deliveries)
        states = await topics.states(flows)
        changed = {
            name: flow
            for name, flow in flows.items()
            if name not in self.by_name or states.get(name) != self.by_name[name].partitions
        }
        refused = await self._ensure_each(topics, changed)
        if changed:
            await client.force_metadata_update()
        self._refreshed_at.update(dict.fromkeys(flows, now))
        return {
            item.flow.key: refused[topic]
            for item in deliveries
            if (topic := kafka_target(item.flow).topic) in refused
        }

    async def _ensure_each(
        self, topics: TopicAdmin, flows: Mapping[str, Flow]
    ) -> dict[str, DestinationError]:
        refused: dict[str, DestinationError] = {}
        for name, flow in flows.items():
            try:
                self.by_name[name] = await topics.ensure(kafka_target(flow))
            except (DestinationRejectedError, TargetUnavailableError) as error:
                self.by_name.pop(name, None)
                refused[name] = error
        return refused
