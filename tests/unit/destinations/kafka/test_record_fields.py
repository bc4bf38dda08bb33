"""Timestamps and partitions from fields: the value of an event alone decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.destinations.kafka.record_fields import (
    EventFaults,
    RejectedEventsError,
    read_partitions,
    read_timestamps,
)
from eventer.testing.batches import START_NS, batch_of

TEXT = "2021-12-01T00:00:00.123456Z"
VALUES = st.sampled_from(
    [TEXT, "1969-12-31T23:59:59Z", "yesterday", "5", 5, 5.0, 1.5, -1, 1e300, True, None, [5], {}]
)


def timestamps(values):
    """The timestamps, without those of rejected events, and the indices of these."""
    batch = batch_of(0, [{"at": value} for value in values])
    faults = EventFaults(batch)
    found = read_timestamps(batch, "at", faults).tolist()
    rejected = rejected_by(faults)
    return [(n, ms) for n, ms in enumerate(found) if n not in rejected], sorted(rejected)


def rejected_by(faults):
    try:
        faults.raise_if_any()
    except RejectedEventsError as error:
        return {each.index: each for each in error.errors}
    return {}


def test_an_error_for_several_events_reads_like_the_first():
    faults = EventFaults(batch_of(5, [1, 2]))
    faults.raise_if_any()
    faults.add(1, "second", "do this")
    faults.add(0, "first")
    faults.add(0, "not this")
    with pytest.raises(RejectedEventsError, match="event 5: first") as caught:
        faults.raise_if_any()
    assert (caught.value.index, caught.value.hint) == (5, None)
    assert [error.message for error in caught.value.errors] == ["event 5: first", "event 6: second"]


@given(st.lists(VALUES, max_size=8))
def test_events_have_the_same_timestamp_alone_and_in_a_batch(values):
    kept, rejected = timestamps(values)
    alone = [timestamps([None] * n + [value]) for n, value in enumerate(values)]
    assert kept == [pair for n, (pairs, _) in enumerate(alone) for pair in pairs if pair[0] == n]
    assert rejected == [n for _, indices in alone for n in indices]


def test_texts_and_numbers_may_mix():
    scheduled = START_NS // 1_000_000
    kept, rejected = timestamps([TEXT, 5, None, "yesterday", -1, 6.0, 1.5])
    assert kept == [(0, 1638316800123), (1, 5), (2, scheduled + 2), (5, 6)]
    assert rejected == [3, 4, 6]


def test_a_value_of_another_type_is_shown_with_what_is_expected():
    batch = batch_of(7, [{"at": TEXT}, {"at": ["x" * 200]}])
    faults = EventFaults(batch)
    read_timestamps(batch, "at", faults)
    (error,) = rejected_by(faults).values()
    assert error.message.startswith('event 8: the value at /at is not a timestamp: ["xxx')
    assert error.message.endswith("x...")
    assert "milliseconds since 1970" in error.hint


@pytest.mark.parametrize(
    ("values", "chosen", "rejected"),
    [
        ([0, 2, None], [0, 2, None], []),
        ([0, 3, -1, 1], [0, None, None, 1], [1, 2]),
        ([0, "1", 1.5, 1, 9, None], [0, None, None, 1, None, None], [1, 2, 4]),
    ],
)
def test_partitions_are_chosen_event_by_event(values, chosen, rejected):
    batch = batch_of(0, [{"p": value} for value in values])
    faults, counts = EventFaults(batch), np.full(len(values), 3)
    has_value, given_partitions = read_partitions(batch, "p", counts, "t", faults)
    wrong = rejected_by(faults)
    found = [
        partition if known and n not in wrong else None
        for n, (known, partition) in enumerate(zip(has_value, given_partitions, strict=True))
    ]
    assert found == chosen
    assert sorted(wrong) == rejected
