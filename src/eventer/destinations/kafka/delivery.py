"""One commit as plain data: what is to be sent for each flow, and what a failed send means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from eventer.core.batch import Batch
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
)
from eventer.core.model import KafkaTarget, Position
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.joint import joint, rows_of
from eventer.destinations.kafka.batches import (
    Cut,
    Encoded,
    encode,
    largest,
    with_count,
    within,
)
from eventer.destinations.kafka.errors import (
    Verdict,
    about_topic,
    blames_records,
    reason,
    verdict_on,
)
from eventer.destinations.kafka.producer import NotSentError, Send
from eventer.destinations.kafka.topic import Topic

_SAFETY: Final = 0.9
_MAX_RATIO: Final = 16.0

Sent: TypeAlias = int | BaseException
"""What became of a send: the offset that the broker gave its first record, or its error."""


@dataclass(frozen=True, slots=True)
class Share:
    """A flow's records of a record batch: `count` of them, `start` after the first.

    `source` has the rows that the record batch was made of, other flows' too if it is shared.
    """

    send: Send
    source: Batch
    start: int
    count: int

    @property
    def whole(self) -> bool:
        """Whether no other flow has records there."""
        return self.count == self.send.batch.count

    def sent(self, outcome: Sent) -> Sent:
        """What became of these records when that became of the record batch."""
        known = isinstance(outcome, int) and outcome >= 0
        return outcome + self.start if known else outcome  # type: ignore[operator]  # an int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent of one flow, and the position after it."""

    delivery: Delivery
    topic: Topic
    shares: tuple[Share, ...]
    position: Position

    @property
    def flow(self) -> Flow:
        """Whose they are."""
        return self.delivery.flow

    def ratio(self) -> float | None:
        """A safe guess at what compression will save the next time; None without a clue."""
        raw = sum(share.send.batch.raw_bytes for share in self.shares)
        sent = sum(len(share.send.batch.payload) for share in self.shares)
        return min(_MAX_RATIO, max(1.0, _SAFETY * raw / sent)) if sent else None

    def too_large(self) -> DestinationRejectedError | None:
        """The refusal of an event that the topic cannot take, were it alone in its batch."""
        for share in self.shares:
            if share.send.batch.size > self.topic.max_message_bytes:
                return oversize(share, self.topic)
        return None


def kafka_target(flow: Flow) -> KafkaTarget:
    """The flow's target, which is a topic."""
    assert isinstance(flow.target, KafkaTarget)
    return flow.target


def plan(
    delivery: Delivery,
    topic: Topic,
    before: Position,
    cut: Cut,
    ahead: Callable[[Batch], Encoded | None],
) -> Plan:
    """Record batches for all batches of a delivery.

    `ahead` has what was made of a batch beforehand, which counts where it still serves.

    Raises:
        DestinationRejectedError: see `record_batches`.
    """
    target = kafka_target(delivery.flow)
    batches = delivery.batches
    counts = with_count(before.partitions, batches[0].first, topic.partitions)
    shares = []
    for batch in batches:
        here, encoded = within(counts, batch), ahead(batch)
        if encoded is None or not encoded.serves(here, cut):
            encoded = encode(batch, target, here, cut)
        for partition, part in encoded.parts:
            shares.append(Share(Send(topic.name, partition, part), batch, 0, part.count))
    return _planned(delivery, topic, shares, before)


def plan_jointly(
    deliveries: Sequence[tuple[Delivery, Position]], topic: Topic, cut: Cut
) -> list[Plan]:
    """Plans of small deliveries (and the positions before them) that share record batches.

    They have equal targets. Raises as `plan` does, but does not say in which flow.
    """
    source = joint([batch for delivery, _ in deliveries for batch in delivery.batches])
    # Each stands behind the last change of the partition count, or else the change is now.
    encoded = encode(source, kafka_target(deliveries[0][0].flow), ((0, topic.partitions),), cut)
    sizes = [rows_of(delivery) for delivery, _ in deliveries]
    owners = np.repeat(np.arange(len(deliveries)), sizes)
    shares: list[list[Share]] = [[] for _ in deliveries]
    for partition, part in encoded.parts:
        send = Send(topic.name, partition, part)
        whose, starts, counts = np.unique(owners[part.rows], return_index=True, return_counts=True)
        for owner, start, count in zip(
            whose.tolist(), starts.tolist(), counts.tolist(), strict=True
        ):
            shares[owner].append(Share(send, source, start, count))
    return [
        _planned(delivery, topic, mine, before)
        for (delivery, before), mine in zip(deliveries, shares, strict=True)
    ]


def _planned(delivery: Delivery, topic: Topic, shares: Sequence[Share], before: Position) -> Plan:
    counts = with_count(before.partitions, delivery.batches[0].first, topic.partitions)
    return Plan(delivery, topic, tuple(shares), advanced(before, delivery.batches, counts))


def advanced(
    before: Position, batches: Sequence[Batch], counts: tuple[tuple[int, int], ...]
) -> Position:
    """The position after consecutive batches."""
    return Position(
        next=batches[-1].next,
        skipped=before.skipped + sum(batch.skipped for batch in batches),
        bytes=before.bytes + sum(batch.nbytes for batch in batches),
        partitions=counts,
    )


def oversize(share: Share, topic: Topic) -> DestinationRejectedError:
    """Names the event that is larger than its topic takes."""
    size = share.send.batch.size
    index, text_size = largest(share.source, share.send.batch.rows)
    return DestinationRejectedError(
        f"event {index} is {text_size} bytes of JSON, {size} as sent: more than topic "
        f"{topic.name!r} takes ({topic.max_message_bytes})",
        hint=f"raise max.message.bytes of topic {topic.name!r}, or make the event smaller",
        index=index,
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """A flow whose share failed: the first of its shares that did, and how.

    Where not `sent`, one before it failed that way.
    """

    plan: Plan
    number: int
    error: BaseException
    sent: bool = True

    @property
    def share(self) -> Share:
        """What failed."""
        return self.plan.shares[self.number]

    @property
    def sure(self) -> bool:
        """Whether it says something about this flow, and not perhaps about others' records."""
        return not blames_records(self.error) or (self.sent and self.share.whole)

    @property
    def batch_too_large(self) -> bool:
        """Whether a smaller batch may do: the topic takes less than was thought."""
        verdict = verdict_on(self.error)
        return self.sent and verdict is Verdict.TOO_LARGE and self.share.send.batch.count > 1

    def smaller(self, fresh: Topic) -> Topic:
        """The topic with the limit to cut by next: what it says now, or half of what failed."""
        size = self.share.send.batch.size
        return replace(fresh, max_message_bytes=max(1, min(fresh.max_message_bytes, size // 2)))

    def verdict(self) -> DestinationError:
        """Why the flow is left out."""
        if not self.sure:
            return TargetUnavailableError(
                f"Kafka took nothing of the transaction's events for topic "
                f"{self.plan.topic.name!r}, some of them refused: {reason(self.error)}"
            )
        if verdict_on(self.error) is Verdict.TOO_LARGE:
            return oversize(self.share, self.plan.topic)
        return about_topic(self.error, self.plan.topic.name)


def failures(plans: Sequence[Plan], outcomes: Sequence[Sequence[Sent]]) -> list[Failure]:
    """The plans with a failed share; outcomes are those of each plan's shares, in order."""
    found = []
    for item, mine in zip(plans, outcomes, strict=True):
        first = next(((n, e) for n, e in enumerate(mine) if isinstance(e, BaseException)), None)
        if first is None:
            continue
        number, error = first
        if isinstance(error, NotSentError) and error.__cause__ is not None:
            found.append(Failure(item, number, error.__cause__, sent=False))
        else:
            found.append(Failure(item, number, error))
    return found


def sends_of(plans: Sequence[Plan]) -> list[Send]:
    """All that is to be sent for the plans, what they share once, each flow's in its order."""
    sends = {id(share.send): share.send for item in plans for share in item.shares}
    return list(sends.values())


def by_plan(
    plans: Sequence[Plan], sends: Sequence[Send], outcomes: Sequence[Sent]
) -> list[Sequence[Sent]]:
    """What became of each plan's shares, by what became of the sends."""
    found = {id(send): outcome for send, outcome in zip(sends, outcomes, strict=True)}
    return [[share.sent(found[id(share.send)]) for share in item.shares] for item in plans]


def sharing(plans: Iterable[Plan], failed: Sequence[Failure]) -> list[Plan]:
    """The plans that did not fail but have record batches with some that did.

    They hold events of a flow that may be left out: never send them again.
    """
    lost = {failure.plan.flow.key for failure in failed}
    sources = {id(share.source) for failure in failed for share in failure.plan.shares}
    return [
        item
        for item in plans
        if item.flow.key not in lost and any(id(share.source) in sources for share in item.shares)
    ]


def raise_if_spent(failed: Sequence[Failure], *, among: int = 0) -> None:
    """Raises what a producer cannot go on after; `among` is how many plans were sent.

    Raises:
        DestinationUnavailableError: names the flows to blame, where others went well.
        KafkaError: as the client raised it, where none did, or this producer is fenced.
    """
    for failure in failed:
        if verdict_on(failure.error) is Verdict.FENCED:
            raise failure.error
    spent = [one for one in failed if verdict_on(one.error) is Verdict.SPENT]
    if spent and len(failed) < among:
        suspects = {failure.plan.flow.key for failure in spent}
        said = f"topic {spent[0].plan.topic.name!r}: {reason(spent[0].error)}"
        raise DestinationUnavailableError(f"Kafka does not take {said}", suspects=suspects)
    if spent:
        raise spent[0].error
