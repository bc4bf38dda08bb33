"""Events that the broker refuses: which they are, why, and that a delivery may skip them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

import numpy as np

from eventer.core.batch import EventRows
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey
from eventer.destinations.base import Delivery
from eventer.destinations.kafka.errors import (
    INVALID_TIMESTAMP,
    ErrorCategory,
    RejectedRecordsError,
    classify_error,
)
from eventer.destinations.kafka.record_encoding import has_key
from eventer.destinations.kafka.record_fields import (
    NS_PER_MS,
    EventFaults,
    Ints,
    RejectedEventsError,
    read_timestamps,
)
from eventer.destinations.kafka.send_failure import SendFailure
from eventer.destinations.kafka.send_plan import (
    BatchSlice,
    SendPlan,
    event_too_large_error,
    kafka_target,
    without_key_error,
)
from eventer.destinations.kafka.timestamp_units import other_unit

Errors: TypeAlias = dict[int, DestinationRejectedError]
"""Errors by the index of the event."""

_BOUNDS_HINT: Final = (
    "the topic bounds timestamps by message.timestamp.before.max.ms and "
    "message.timestamp.after.max.ms"
)
_MAX_SHOWN_MS: Final = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp() * 1000)


class SkippedEvents:
    """The events that the deliveries of one commit skip, with their errors."""

    def __init__(self) -> None:
        self._errors: dict[PositionKey, Errors] = {}

    def skip(
        self, delivery: Delivery, errors: Sequence[DestinationRejectedError]
    ) -> Delivery | DestinationRejectedError:
        """The delivery without the rejected events; the first error if it does not skip any."""
        if not delivery.skip_rejected:
            return errors[0]
        found = {error.index: error for error in errors if error.index is not None}
        self._errors.setdefault(delivery.flow.key, {}).update(found)
        return delivery.without(found.keys())

    @property
    def count(self) -> int:
        """How many events are skipped so far."""
        return sum(map(len, self._errors.values()))

    def of(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Errors]:
        """The errors of these flows, ascending by index."""
        return {key: dict(sorted(self._errors[key].items())) for key in keys if key in self._errors}


def rejected_events(item: SendPlan | DestinationRejectedError) -> list[DestinationRejectedError]:
    """The events for which a plan cannot be made or sent, as far as is known before."""
    if isinstance(item, SendPlan):
        return item.rejected_events()
    return list(item.errors) if isinstance(item, RejectedEventsError) else []


def refused_events(failure: SendFailure, now_ms: int) -> list[DestinationRejectedError]:
    """The events that the broker refused, and those that it would refuse for the same reason."""
    if classify_error(failure.error) is ErrorCategory.TOO_LARGE and failure.blames_this_flow:
        return [event_too_large_error(failure.batch_slice, failure.plan.topic)]
    errors: Errors = {}
    refused_ms: list[int] = []
    for batch_slice, error in failure.refusals:
        rows = batch_slice.refused_rows(error)
        if error.code == INVALID_TIMESTAMP:
            refused_ms += _timestamps(failure.plan, batch_slice.source)[rows].tolist()
        else:
            errors |= _record_errors(failure.plan, batch_slice, rows, error)
    if refused_ms:
        errors |= dict(_timestamp_errors(failure.plan, np.array(refused_ms), now_ms))
    return [error for _, error in sorted(errors.items())]


def _record_errors(
    plan: SendPlan, batch_slice: BatchSlice, rows: Ints, error: RejectedRecordsError
) -> Errors:
    keyed = has_key(batch_slice.source, kafka_target(plan.flow))
    errors: Errors = {}
    for row in rows.tolist():
        index = int(batch_slice.source.index[row])
        errors[index] = DestinationRejectedError(
            f"event {index}: topic {plan.topic.name!r} does not accept it: {error}", index=index
        )
        if not keyed[row] and "ompacted" in error.text:
            errors[index] = without_key_error(index, kafka_target(plan.flow))
    return errors


def _timestamps(plan: SendPlan, source: EventRows) -> Ints:
    return read_timestamps(source, kafka_target(plan.flow).timestamp, EventFaults(source))


def _timestamp_errors(
    plan: SendPlan, refused_ms: Ints, now_ms: int
) -> Iterator[tuple[int, DestinationRejectedError]]:
    """The events of a delivery that are as far in the future or the past as a refused one."""
    too_late = refused_ms[refused_ms > now_ms].min(initial=np.iinfo(np.int64).max)
    too_early = refused_ms[refused_ms <= now_ms].max(initial=-1)
    for batch in plan.delivery.batches:
        given_ms = _timestamps(plan, batch)
        for row in np.flatnonzero((given_ms >= too_late) | (given_ms <= too_early)).tolist():
            index, scheduled_ms = int(batch.index[row]), int(batch.scheduled[row]) // NS_PER_MS
            yield index, _timestamp_error(plan, index, int(given_ms[row]), scheduled_ms)


def _timestamp_error(
    plan: SendPlan, index: int, given_ms: int, scheduled_ms: int
) -> DestinationRejectedError:
    shown = f"{given_ms} ms"
    if given_ms <= _MAX_SHOWN_MS:
        shown += f" ({datetime.fromtimestamp(given_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ})"
    return DestinationRejectedError(
        f"event {index}: topic {plan.topic.name!r} does not accept the timestamp {shown}",
        hint=_unit_hint(given_ms, scheduled_ms) or _BOUNDS_HINT,
        index=index,
    )


def _unit_hint(given_ms: int, scheduled_ms: int) -> str | None:
    """A hint if the value would be plausible in another unit only."""
    unit = other_unit(np.array([given_ms]), np.array([scheduled_ms]))
    if unit is None:
        return None
    return f"the value looks like {unit} since 1970: `timestamp` needs milliseconds"
