"""Timestamps of records in another unit than milliseconds: Kafka takes seconds for 1970. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from eventer.core.batch import EventRows
from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.record_fields import NS_PER_MS, EventFaults, Ints, read_timestamps

_OTHER_UNITS: Final = (("seconds", 0.001), ("microseconds", 1e3), ("nanoseconds", 1e6))
_PLAUSIBLE_MS: Final = 20 * 366 * 86_400_000


def other_unit(given_ms: Ints, scheduled_ms: Ints) -> str | None:
    """The unit in which all values are plausible, if they are implausible in milliseconds.

    A value is plausible if it is within 20 years of the scheduled time of its event.
    """
    if not len(given_ms) or (np.abs(given_ms - scheduled_ms) < _PLAUSIBLE_MS).any():
        return None
    for unit, per_ms in _OTHER_UNITS:
        if (np.abs(given_ms / per_ms - scheduled_ms) < _PLAUSIBLE_MS).all():
            return unit
    return None


def timestamp_unit(target: KafkaTarget, batches: Iterable[EventRows]) -> str | None:
    """The unit that the timestamps of events evidently have, if it is not milliseconds."""
    if target.timestamp is None:
        return None
    given, scheduled = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for batch in batches:
        given.append(read_timestamps(batch, target.timestamp, EventFaults(batch)))
        scheduled.append(batch.scheduled // NS_PER_MS)
    given_ms, scheduled_ms = np.concatenate(given), np.concatenate(scheduled)
    has_value = given_ms != scheduled_ms
    return other_unit(given_ms[has_value], scheduled_ms[has_value])
