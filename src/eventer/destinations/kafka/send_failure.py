"""What became of plans that were sent, and the meaning of a failed send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from eventer.core.errors import (
    DestinationError,
    DestinationUnavailableError,
    TargetUnavailableError,
)
from eventer.destinations.kafka.errors import (
    ErrorCategory,
    RejectedRecordsError,
    classify_error,
    describe,
    ends_producer,
    is_record_error,
    topic_error,
)
from eventer.destinations.kafka.partition_queue import NotSentError, OutgoingBatch, SendOutcome
from eventer.destinations.kafka.send_plan import BatchSlice, SendPlan, event_too_large_error
from eventer.destinations.kafka.topic_admin import Topic

_DIVISION: Final = 8
"""A batch of 4,000 records is divided four times until the broker refuses a single one."""


@dataclass(frozen=True, slots=True)
class SendFailure:
    """A flow with a failed slice: the first one, and its error.

    If it was not `sent`, the error is that of a batch before it. `refusals` are all slices of which
    the broker refuses records.
    """

    plan: SendPlan
    number: int
    error: BaseException
    sent: bool = True
    refusals: tuple[tuple[BatchSlice, RejectedRecordsError], ...] = field(default=(), compare=False)

    @property
    def batch_slice(self) -> BatchSlice:
        """The slice that failed."""
        return self.plan.slices[self.number]

    @property
    def blames_this_flow(self) -> bool:
        """Whether the error concerns this flow only; otherwise it may concern others' records."""
        if isinstance(self.error, RejectedRecordsError) and self.error.rows:
            return any(len(each.refused_rows(error)) for each, error in self.refusals)
        return not is_record_error(self.error) or (self.sent and self.batch_slice.is_unshared)

    @property
    def divided_bytes(self) -> int | None:
        """The size of batches that narrows down which records are refused, if that is unknown."""
        unnamed = isinstance(self.error, RejectedRecordsError) and not self.error.rows
        batch = self.batch_slice.send.batch
        if unnamed and self.sent and self.batch_slice.is_unshared and batch.count > 1:
            return max(1, batch.size // _DIVISION)
        return None

    @property
    def batch_too_large(self) -> bool:
        """Whether smaller batches may pass: the topic's limit has become lower."""
        verdict = classify_error(self.error)
        return (
            self.sent
            and verdict is ErrorCategory.TOO_LARGE
            and self.batch_slice.send.batch.count > 1
        )

    def with_smaller_limit(self, fresh: Topic) -> Topic:
        """The topic with the limit to try next: its own, or half of what failed."""
        size = self.batch_slice.send.batch.size
        return replace(fresh, max_message_bytes=max(1, min(fresh.max_message_bytes, size // 2)))

    def as_error(self) -> DestinationError:
        """The error by which the flow is left out."""
        if not self.blames_this_flow:
            return TargetUnavailableError(
                f"Kafka accepted no events of the transaction for topic {self.plan.topic.name!r} "
                f"and rejected some of them: {describe(self.error)}"
            )
        if classify_error(self.error) is ErrorCategory.TOO_LARGE:
            return event_too_large_error(self.batch_slice, self.plan.topic)
        return topic_error(self.error, self.plan.topic.name)


@dataclass(frozen=True, slots=True)
class SentPlan:
    """A plan, and the outcome of each of its slices, in order."""

    plan: SendPlan
    outcomes: tuple[SendOutcome, ...]

    def failure(self) -> SendFailure | None:
        """The first slice that failed, if any; one that ends the producer before all others."""
        failures = list(self._failures())
        ending = (each for each in failures if ends_producer(each.error))
        return next(ending, failures[0] if failures else None)

    def _failures(self) -> Iterator[SendFailure]:
        refusals = tuple(
            (batch_slice, outcome)
            for batch_slice, outcome in zip(self.plan.slices, self.outcomes, strict=True)
            if isinstance(outcome, RejectedRecordsError)
        )
        for number, error in enumerate(self.outcomes):
            if isinstance(error, NotSentError) and error.__cause__ is not None:
                yield SendFailure(self.plan, number, error.__cause__, False, refusals)
            elif isinstance(error, BaseException):
                yield SendFailure(self.plan, number, error, True, refusals)


def sent_plans(
    plans: Sequence[SendPlan], outcomes: Mapping[OutgoingBatch, SendOutcome]
) -> list[SentPlan]:
    """The outcomes of the plans by the outcomes of the record batches."""
    return [
        SentPlan(item, tuple(each.sent(outcomes[each.send]) for each in item.slices))
        for item in plans
    ]


def plans_sharing_batches(
    plans: Iterable[SendPlan], failed: Sequence[SendFailure]
) -> list[SendPlan]:
    """The plans that did not fail but share record batches with one that did.

    These batches have events of a flow that may be left out, so they must not be sent again.
    """
    lost = {failure.plan.flow.key for failure in failed}
    return [item for item in plans if item.flow.key not in lost and item.merged & lost]


def raise_if_unusable(failed: Sequence[SendFailure], *, among: int) -> None:
    """Raises an error after which the producer is unusable; `among` is the number of plans.

    Raises:
        DestinationUnavailableError: names the flows to blame, if others succeeded.
        KafkaError: the error itself, if all failed or the producer is fenced.
    """
    for failure in failed:
        if classify_error(failure.error) is ErrorCategory.FENCED:
            raise failure.error
    spent = [failure for failure in failed if ends_producer(failure.error)]
    if not spent:
        return
    if len(failed) == among:
        raise spent[0].error
    said = f"topic {spent[0].plan.topic.name!r}: {describe(spent[0].error)}"
    raise DestinationUnavailableError(
        f"Kafka does not accept events for {said}",
        suspects={failure.plan.flow.key for failure in spent},
    )
