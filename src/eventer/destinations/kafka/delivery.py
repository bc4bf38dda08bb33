"""One commit as plain data: what is to be sent for each flow, and what a failed send means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, TypeAlias

from eventer.core.batch import Batch
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
)
from eventer.core.model import KafkaTarget, Position
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.batches import (
    Cut,
    Encoded,
    encode,
    largest,
    with_count,
    within,
)
from eventer.destinations.kafka.errors import Verdict, about_topic, reason, verdict_on
from eventer.destinations.kafka.producer import Send
from eventer.destinations.kafka.topic import Topic

_SAFETY: Final = 0.9
_MAX_RATIO: Final = 16.0

Sent: TypeAlias = int | BaseException
"""What became of a send: the offset that the broker gave its first record, or its error."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The sends of one flow, the batch that each comes from, and the position after them."""

    delivery: Delivery
    topic: Topic
    sends: tuple[Send, ...]
    sources: tuple[Batch, ...]
    position: Position

    @property
    def flow(self) -> Flow:
        """Whose they are."""
        return self.delivery.flow

    def ratio(self) -> float | None:
        """A safe guess at what compression will save the next time; None without a clue."""
        raw = sum(send.batch.raw_bytes for send in self.sends)
        sent = sum(len(send.batch.payload) for send in self.sends)
        return min(_MAX_RATIO, max(1.0, _SAFETY * raw / sent)) if sent else None

    def too_large(self) -> DestinationRejectedError | None:
        """The refusal of an event that the topic cannot take, were it alone in its batch."""
        for send, source in zip(self.sends, self.sources, strict=True):
            if send.batch.size > self.topic.max_message_bytes:
                return oversize(send, source, self.topic)
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
    sends, sources = [], []
    for batch in batches:
        here, encoded = within(counts, batch), ahead(batch)
        if encoded is None or not encoded.serves(here, cut):
            encoded = encode(batch, target, here, cut)
        for partition, part in encoded.parts:
            sends.append(Send(topic.name, partition, part))
            sources.append(batch)
    return Plan(delivery, topic, tuple(sends), tuple(sources), advanced(before, batches, counts))


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


def oversize(send: Send, source: Batch, topic: Topic) -> DestinationRejectedError:
    """Names the event that is larger than its topic takes."""
    index, size = largest(source, send.batch.rows)
    return DestinationRejectedError(
        f"event {index} is {size} bytes of JSON, {send.batch.size} as sent: more than topic "
        f"{topic.name!r} takes ({topic.max_message_bytes})",
        hint=f"raise max.message.bytes of topic {topic.name!r}, or make the event smaller",
        index=index,
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """A flow whose send failed: the first of its sends that did, and how."""

    plan: Plan
    number: int
    error: BaseException

    @property
    def batch_too_large(self) -> bool:
        """Whether a smaller batch may do: the topic takes less than was thought."""
        verdict = verdict_on(self.error)
        return verdict is Verdict.TOO_LARGE and self.plan.sends[self.number].batch.count > 1

    def smaller(self, fresh: Topic) -> Topic:
        """The topic with the limit to cut by next: what it says now, or half of what failed."""
        size = self.plan.sends[self.number].batch.size
        return replace(fresh, max_message_bytes=max(1, min(fresh.max_message_bytes, size // 2)))

    def verdict(self) -> DestinationError:
        """Why the flow is left out."""
        if verdict_on(self.error) is Verdict.TOO_LARGE:
            send, source = self.plan.sends[self.number], self.plan.sources[self.number]
            return oversize(send, source, self.plan.topic)
        return about_topic(self.error, self.plan.topic.name)


def failures(plans: Sequence[Plan], outcomes: Sequence[Sequence[Sent]]) -> list[Failure]:
    """The plans with a failed send; outcomes are those of each plan's sends, in order."""
    found = []
    for item, mine in zip(plans, outcomes, strict=True):
        first = next(((n, e) for n, e in enumerate(mine) if isinstance(e, BaseException)), None)
        if first is not None:
            found.append(Failure(item, *first))
    return found


def by_plan(plans: Sequence[Plan], outcomes: Sequence[Sent]) -> list[Sequence[Sent]]:
    """What became of all sends of the plans, in order, plan by plan."""
    ends = list(accumulate(len(item.sends) for item in plans))
    return [outcomes[end - len(item.sends) : end] for item, end in zip(plans, ends, strict=True)]


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
