"""One commit as plain data: the record batches of each flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from eventer.core.batch import Batch, EventRows, advance_position
from eventer.core.errors import (
    DestinationRejectedError,
)
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.errors import (
    RejectedRecordsError,
)
from eventer.destinations.kafka.partition_queue import OutgoingBatch, SendOutcome
from eventer.destinations.kafka.record_encoding import (
    JSON_RECORDS,
    EncodedBatch,
    RecordEncoders,
    SplitOptions,
    add_partition_count,
    counts_for_batch,
    encode,
    find_largest_event,
    has_key,
)
from eventer.destinations.kafka.record_fields import Ints
from eventer.destinations.kafka.topic_admin import Topic
from eventer.destinations.merge_batches import count_rows, merge_batches

_SAFETY: Final = 0.9
_MAX_RATIO: Final = 16.0


@dataclass(frozen=True, slots=True)
class BatchSlice:
    """A flow's records of a record batch: `count` of them, `start` after the first.

    `source` has the rows of the record batch, those of other flows included.
    """

    send: OutgoingBatch
    source: EventRows
    start: int
    count: int

    @property
    def is_unshared(self) -> bool:
        """Whether no other flow has records there."""
        return self.count == self.send.batch.count

    def refused_rows(self, error: RejectedRecordsError) -> Ints:
        """The rows of `source` that are this flow's and that the broker refuses by name.

        The only record of a batch needs no name.
        """
        rows = self.send.batch.rows
        named = error.rows or ((0,) if len(rows) == 1 else ())
        return rows[[row for row in named if self.start <= row < self.start + self.count]]

    def sent(self, outcome: SendOutcome) -> SendOutcome:
        """The outcome of these records by the outcome of the record batch."""
        known = isinstance(outcome, int) and outcome >= 0
        return outcome + self.start if known else outcome  # type: ignore[operator]  # an int


@dataclass(frozen=True, slots=True)
class SendPlan:
    """The record batches of one flow, and the position after them.

    `merged` are the flows that it shares record batches with, itself among them.
    """

    delivery: Delivery
    topic: Topic
    slices: tuple[BatchSlice, ...]
    position: Position
    merged: frozenset[PositionKey] = frozenset()

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.delivery.flow

    def compression_ratio(self) -> float | None:
        """A cautious estimate of the compression ratio; None if nothing is sent."""
        raw = sum(batch_slice.send.batch.raw_bytes for batch_slice in self.slices)
        sent = sum(len(batch_slice.send.batch.payload) for batch_slice in self.slices)
        return min(_MAX_RATIO, max(1.0, _SAFETY * raw / sent)) if sent else None

    def rejected_events(self) -> list[DestinationRejectedError]:
        """The events that the topic does not accept: too large, or without the key that it needs.

        Each has an error, in the order of their indices.
        """
        errors = [
            event_too_large_error(batch_slice, self.topic)
            for batch_slice in self.slices
            if batch_slice.send.batch.size > self.topic.max_message_bytes
        ]
        if self.topic.compacted:
            errors += without_key_errors(self.delivery)
        by_index = {error.index or 0: error for error in errors}
        return [error for _, error in sorted(by_index.items())]


def kafka_target(flow: Flow) -> KafkaTarget:
    """The flow's target, which is a topic."""
    assert isinstance(flow.target, KafkaTarget)
    return flow.target


def plan(
    delivery: Delivery,
    topic: Topic,
    before: Position,
    split_options: SplitOptions,
    ahead: Callable[[Batch], EncodedBatch | None],
    *,
    encoders: RecordEncoders = JSON_RECORDS,
) -> SendPlan:
    """Record batches for all batches of a delivery.

    `ahead` returns the result of encoding a batch beforehand, which is used if it still applies.

    Raises:
        DestinationRejectedError: see `record_batches`.
    """
    target = kafka_target(delivery.flow)
    batches = delivery.batches
    counts = add_partition_count(before.partitions, batches[0].first, topic.partitions)
    slices = []
    for batch in batches:
        here, encoded = counts_for_batch(counts, batch), ahead(batch)
        if encoded is None or not encoded.is_reusable_for(here, split_options):
            encoded = encode(batch, target, here, split_options, encoders)
        for partition, part in encoded.parts:
            slices.append(
                BatchSlice(OutgoingBatch(topic.name, partition, part), batch, 0, part.count)
            )
    return _make_plan(delivery, topic, slices, before)


def plan_merged(
    deliveries: Sequence[tuple[Delivery, Position]],
    topic: Topic,
    split_options: SplitOptions,
    encoders: RecordEncoders = JSON_RECORDS,
) -> list[SendPlan]:
    """Plans of small deliveries (and the positions before them) that share record batches.

    They have equal targets and encoders. Raises as `plan` does, but does not say in which flow.
    """
    source = merge_batches([batch for delivery, _ in deliveries for batch in delivery.batches])
    # Every position is beyond the last change of the partition count, unless it changes now.
    encoded = encode(
        source,
        kafka_target(deliveries[0][0].flow),
        ((0, topic.partitions),),
        split_options,
        encoders,
    )
    sizes = [count_rows(delivery) for delivery, _ in deliveries]
    owners = np.repeat(np.arange(len(deliveries)), sizes)
    slices: list[list[BatchSlice]] = [[] for _ in deliveries]
    for partition, part in encoded.parts:
        send = OutgoingBatch(topic.name, partition, part)
        whose, starts, counts = np.unique(owners[part.rows], return_index=True, return_counts=True)
        for owner, start, count in zip(
            whose.tolist(), starts.tolist(), counts.tolist(), strict=True
        ):
            slices[owner].append(BatchSlice(send, source, start, count))
    merged = frozenset(delivery.flow.key for delivery, _ in deliveries)
    return [
        replace(_make_plan(delivery, topic, mine, before), merged=merged)
        for (delivery, before), mine in zip(deliveries, slices, strict=True)
    ]


def _make_plan(
    delivery: Delivery, topic: Topic, slices: Sequence[BatchSlice], before: Position
) -> SendPlan:
    counts = add_partition_count(before.partitions, delivery.batches[0].first, topic.partitions)
    position = replace(advance_position(before, delivery.batches), partitions=counts)
    return SendPlan(delivery, topic, tuple(slices), position)


def event_too_large_error(batch_slice: BatchSlice, topic: Topic) -> DestinationRejectedError:
    """The error that names an event larger than its topic accepts."""
    size = batch_slice.send.batch.size
    index, text_size = find_largest_event(batch_slice.source, batch_slice.send.batch.rows)
    return DestinationRejectedError(
        f"event {index} has {text_size} bytes of JSON, {size} bytes as sent, but topic "
        f"{topic.name!r} accepts at most {topic.max_message_bytes} bytes",
        hint=f"raise max.message.bytes of topic {topic.name!r}, or make the event smaller",
        index=index,
    )


def without_key_errors(delivery: Delivery) -> list[DestinationRejectedError]:
    """An error for each event that has no key, for a topic that is compacted."""
    target = kafka_target(delivery.flow)
    keyless = [batch.index[~has_key(batch, target)] for batch in delivery.batches]
    return [without_key_error(index, target) for index in np.concatenate(keyless).tolist()]


def without_key_error(index: int, target: KafkaTarget) -> DestinationRejectedError:
    """The error that names an event without a key."""
    hint = "set `key` of the destination to a field that every event has"
    if target.key is not None:
        hint = f"every event needs the field {target.key!r} of `key`, and not null"
    return DestinationRejectedError(
        f"event {index} has no key, and topic {target.topic!r} is compacted",
        hint=hint,
        index=index,
    )


def unique_batches(plans: Sequence[SendPlan]) -> list[OutgoingBatch]:
    """The record batches of the plans, shared ones once, in the order of each flow."""
    return list(dict.fromkeys(each.send for item in plans for each in item.slices))
