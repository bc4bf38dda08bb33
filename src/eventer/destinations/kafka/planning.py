"""From deliveries to plans: record batches are made before anything is sent, some beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Position, PositionKey
from eventer.destinations.ahead import FEW_ROWS, Encoder
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.joint import grouped, rows_of
from eventer.destinations.kafka.batches import Cut, Encoded, encode, with_count, within
from eventer.destinations.kafka.delivery import Plan, kafka_target, plan, plan_jointly
from eventer.destinations.kafka.topic import Topic
from eventer.kernels.kafka_records import Codec

Planned: TypeAlias = Plan | DestinationRejectedError
Positions: TypeAlias = Mapping[PositionKey, Position]


class Planner:
    """Plans deliveries to `topics`, which its owner keeps up to date."""

    def __init__(self, codec: Codec, topics: Mapping[str, Topic]) -> None:
        self._codec = codec
        self._topics = topics
        self._ratios: dict[str, float] = {}
        self.encoder: Encoder[Encoded] = Encoder()

    def begin(self, flow: Flow, batch: Batch, positions: Positions) -> None:
        """Lets a batch be encoded soon, if its topic is known."""
        target = kafka_target(flow)
        topic = self._topics.get(target.topic)
        if topic is None:
            return
        before = positions.get(flow.key, Position())
        counts = within(with_count(before.partitions, batch.first, topic.partitions), batch)
        cut = self._cut(topic)
        self.encoder.begin(batch, lambda: encode(batch, target, counts, cut))

    async def plan_all(
        self, deliveries: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, Planned]:
        """A plan for each delivery, or why there is none; small ones of one target together."""
        if sum(map(rows_of, deliveries)) < FEW_ROWS:
            return self._plan_all(deliveries, positions)
        return await self.encoder.run(lambda: self._plan_all(deliveries, positions))

    def plan(self, delivery: Delivery, positions: Positions) -> Planned:
        """The plan of a delivery that shares nothing."""
        topic, before = self._topic(delivery), _before(delivery, positions)
        try:
            return plan(delivery, topic, before, self._cut(topic), self.encoder.made)
        except DestinationRejectedError as error:
            return error

    def learn(self, item: Plan) -> None:
        """Takes notice of how well the events of a topic are compressed."""
        name = item.topic.name
        self._ratios[name] = item.ratio() or self._ratios.get(name, 1.0)

    def _plan_all(
        self, deliveries: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, Planned]:
        planned: dict[PositionKey, Planned] = {}
        for group in grouped(deliveries, lambda item: item, lambda item: kafka_target(item.flow)):
            planned |= self._plan_group(group, positions)
        return planned

    def _plan_group(
        self, group: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, Planned]:
        """Together where that can be; where an event is refused, one by one."""
        if len(group) > 1:
            topic = self._topic(group[0])
            placed = [(item, _before(item, positions)) for item in group]
            try:
                plans = plan_jointly(placed, topic, self._cut(topic))
            except DestinationRejectedError:
                pass
            else:
                if not any(item.too_large() for item in plans):
                    return {item.flow.key: item for item in plans}
        return {item.flow.key: self.plan(item, positions) for item in group}

    def _topic(self, delivery: Delivery) -> Topic:
        return self._topics[kafka_target(delivery.flow).topic]

    def _cut(self, topic: Topic) -> Cut:
        return Cut(self._codec, topic.max_message_bytes, self._ratios.get(topic.name, 1.0))


def _before(delivery: Delivery, positions: Positions) -> Position:
    return delivery.accepted or positions.get(delivery.flow.key, Position())
