"""Makes plans of deliveries: encodes all record batches before any is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, TypeVar

import numpy as np

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Position, PositionKey
from eventer.destinations.background_encoder import SMALL_BATCH_ROWS, BackgroundEncoder
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.record_encoding import (
    JSON_RECORDS,
    EncodedBatch,
    RecordEncoders,
    SplitOptions,
    add_partition_count,
    counts_for_batch,
    encode,
)
from eventer.destinations.kafka.record_fields import RejectedEventsError
from eventer.destinations.kafka.send_plan import SendPlan, kafka_target, plan, plan_merged
from eventer.destinations.kafka.topic_admin import Topic
from eventer.destinations.merge_batches import count_rows, group_small_deliveries
from eventer.kernels.kafka.record_batches import Codec

R = TypeVar("R")

PlanOrError: TypeAlias = SendPlan | DestinationRejectedError
Positions: TypeAlias = Mapping[PositionKey, Position]


class SendPlanner:
    """Plans deliveries to `topics`, which its owner updates."""

    def __init__(
        self,
        codec: Codec,
        topics: Mapping[str, Topic],
        encoders_of: Callable[[Flow], RecordEncoders | None] = lambda _: JSON_RECORDS,
    ) -> None:
        """`encoders_of` gives the encoders of a flow; None until its schemas are registered."""
        self._codec = codec
        self._encoders_of = encoders_of
        self._topics = topics
        self._ratios: dict[str, float] = {}
        self.encoder: BackgroundEncoder[EncodedBatch] = BackgroundEncoder()

    def begin(self, flow: Flow, batch: Batch, positions: Positions) -> None:
        """Encodes a batch in the background, if its topic is known."""
        target = kafka_target(flow)
        topic, encoders = self._topics.get(target.topic), self._encoders_of(flow)
        if topic is None or encoders is None:
            return
        before = positions.get(flow.key, Position())
        counts = counts_for_batch(
            add_partition_count(before.partitions, batch.first, topic.partitions), batch
        )
        split_options = self._split_options(topic)
        self.encoder.begin(batch, lambda: encode(batch, target, counts, split_options, encoders))

    async def plan_all(
        self, deliveries: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, PlanOrError]:
        """A plan or an error for each delivery; small ones of one target share batches."""
        return await self.run(deliveries, lambda: self._plan_all(deliveries, positions))

    async def run(self, deliveries: Sequence[Delivery], work: Callable[[], R]) -> R:
        """Plans deliveries by `work`, in the thread of the encoder unless they are small."""
        if sum(map(count_rows, deliveries)) < SMALL_BATCH_ROWS:
            return work()
        return await self.encoder.run(work)

    def plan(
        self, delivery: Delivery, positions: Positions, max_batch_bytes: int | None = None
    ) -> PlanOrError:
        """The plan of a delivery by itself, perhaps with smaller batches than the topic accepts."""
        topic, before = self._topic(delivery), _position_before(delivery, positions)
        options = self._split_options(topic)
        if max_batch_bytes is not None:
            options = replace(options, max_batch_bytes=max_batch_bytes)
        try:
            ahead, encoders = self.encoder.take_result, self._encoders(delivery)
            return plan(delivery, topic, before, options, ahead, encoders=encoders)
        except DestinationRejectedError as error:
            return error

    def update_compression_ratio(self, item: SendPlan) -> None:
        """Updates the estimate for the topic of a plan."""
        name = item.topic.name
        self._ratios[name] = item.compression_ratio() or self._ratios.get(name, 1.0)

    def _plan_all(
        self, deliveries: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, PlanOrError]:
        planned: dict[PositionKey, PlanOrError] = {}
        for group in group_small_deliveries(
            deliveries,
            lambda item: item,
            lambda item: (kafka_target(item.flow), self._encoders(item)),
        ):
            planned |= self._plan_group(group, positions)
        return planned

    def _plan_group(
        self, group: Sequence[Delivery], positions: Positions
    ) -> dict[PositionKey, PlanOrError]:
        """Plans a group together, without those of which an event is rejected."""
        alone = {item.flow.key for item in group}
        if len(group) > 1:
            topic = self._topic(group[0])
            placed = [(item, _position_before(item, positions)) for item in group]
            try:
                options, encoders = self._split_options(topic), self._encoders(group[0])
                plans = plan_merged(placed, topic, options, encoders)
            except RejectedEventsError as error:
                alone = _owners(group, error.rows)
            else:
                alone = {item.flow.key for item in plans if item.rejected_events()}
                if not alone:
                    return {item.flow.key: item for item in plans}
        planned = {
            item.flow.key: self.plan(item, positions) for item in group if item.flow.key in alone
        }
        others = [item for item in group if item.flow.key not in alone]
        return planned | (self._plan_group(others, positions) if others else {})

    def _topic(self, delivery: Delivery) -> Topic:
        return self._topics[kafka_target(delivery.flow).topic]

    def _encoders(self, delivery: Delivery) -> RecordEncoders:
        encoders = self._encoders_of(delivery.flow)
        assert encoders is not None
        return encoders

    def _split_options(self, topic: Topic) -> SplitOptions:
        return SplitOptions(self._codec, topic.max_message_bytes, self._ratios.get(topic.name, 1.0))


def _position_before(delivery: Delivery, positions: Positions) -> Position:
    return delivery.accepted or positions.get(delivery.flow.key, Position())


def _owners(group: Sequence[Delivery], rows: Sequence[int]) -> set[PositionKey]:
    """The flows that have these rows of the group's batches, which follow one another."""
    ends = np.cumsum([count_rows(item) for item in group])
    return {group[n].flow.key for n in np.searchsorted(ends, rows, side="right").tolist()}
