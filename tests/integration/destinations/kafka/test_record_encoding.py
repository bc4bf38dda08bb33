"""Where events go and what their records are made of, by plain rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.record_encoding import (
    SplitOptions,
    add_partition_count,
    counts_for_batch,
    encode,
    find_largest_event,
    partitions_of,
    record_batches,
    record_columns,
)
from eventer.kernels.kafka.record_batches import key_partitions
from eventer.testing.batches import START_NS, batch_of
from tests.families import family

TOPIC = KafkaTarget("t")


def counts_strategy():
    starts = st.lists(st.integers(1, 5000), max_size=4, unique=True).map(sorted)
    return starts.flatmap(
        lambda later: st.lists(
            st.integers(1, 9), min_size=len(later) + 1, max_size=len(later) + 1
        ).map(lambda sizes: tuple(zip([0, *later], sizes, strict=True)))
    )


@given(st.integers(0, 5000), st.integers(1, 400), counts_strategy())
def test_unkeyed_event_n_goes_to_n_div_100_mod_the_count_that_holds_at_n(first, rows, counts):
    batch = batch_of(first, [None] * rows)
    found = partitions_of(batch, TOPIC, None, counts).tolist()
    for n, partition in zip(range(first, first + rows), found, strict=True):
        count = [size for start, size in counts if start <= n][-1]
        assert partition == n // 100 % count


@given(st.integers(0, 6000), st.integers(1, 400), counts_strategy())
def test_the_counts_for_a_batch_cover_all_of_its_events(first, rows, counts):
    batch = batch_of(first, [None] * rows)
    here = counts_for_batch(counts, batch)
    assert here[0][0] == first
    assert here[-1][0] < batch.next
    found = partitions_of(batch, TOPIC, None, here)
    assert found.tolist() == partitions_of(batch, TOPIC, None, counts).tolist()


def test_batches_encoded_with_other_options_are_not_reused():
    made = encode(batch_of(0, [1, 2]), TOPIC, ((0, 3),), SplitOptions("none", 900, 2.0))
    assert made.is_reusable_for(((0, 3),), SplitOptions("none", 900))
    assert not made.is_reusable_for(((0, 4),), SplitOptions("none", 900))
    assert not made.is_reusable_for(((0, 3),), SplitOptions("lz4", 900))
    assert not made.is_reusable_for(((0, 3),), SplitOptions("none", 901))


def test_keyed_events_follow_their_key_and_those_without_one_their_index():
    values = [{"k": "a"}, {"k": None}, {}, {"k": 7}]
    batch = batch_of(250, values)
    target = KafkaTarget("t", key="k")
    keys = record_columns(batch, target).keys
    by_key = key_partitions(keys, 5).tolist()
    found = partitions_of(batch, target, keys, ((0, 5),)).tolist()
    assert found == [by_key[0], 2, 2, by_key[3]]


def test_a_plain_name_is_a_field_even_with_a_tilde_or_a_slash_inside():
    batch = batch_of(0, [{"a/b": "x", "~": "y"}])
    for option, wanted in (("a/b", b"x"), ("~", b"y"), ("/a~1b", b"x")):
        keys = record_columns(batch, KafkaTarget("t", key=option)).keys
        assert keys.data.tobytes() == wanted


def test_every_row_lands_in_its_partition_in_order():
    batch = batch_of(0, [{"n": n} for n in range(1000)], skipped={5, 500})
    made = record_batches(batch, TOPIC, ((0, 3),), SplitOptions("lz4", 2000))
    assert all(part.size <= 2000 for _, part in made)
    for partition in range(3):
        rows = np.concatenate([part.rows for place, part in made if place == partition])
        index = batch.index[rows]
        assert index.tolist() == [n for n in batch.index.tolist() if n // 100 % 3 == partition]


def test_a_batch_without_rows_makes_no_records():
    batch = batch_of(0, [1, 2], skipped={0, 1})
    assert (
        record_batches(batch, KafkaTarget("t", key="k"), ((0, 1),), SplitOptions("lz4", 1000)) == []
    )


def test_the_timestamp_is_the_scheduled_time_in_milliseconds():
    batch = batch_of(0, [1, 2], scheduled=[START_NS + 1_999_999, START_NS - 1])
    columns = record_columns(batch, TOPIC)
    base = START_NS // 1_000_000
    assert columns.timestamps.tolist() == [base + 1, base - 1]


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [("2021-12-01T00:00:00Z", 1638316800000), ("1970-01-01T00:00:00.0019Z", 1), (5, 5)],
)
def test_the_timestamp_of_a_field(value, milliseconds):
    columns = record_columns(batch_of(0, [{"at": value}]), KafkaTarget("t", timestamp="at"))
    assert columns.timestamps.tolist() == [milliseconds]


def test_a_field_that_is_no_timestamp_is_named_with_its_event():
    with pytest.raises(DestinationRejectedError) as caught:
        record_columns(batch_of(40, [{"at": 1}, {"at": "x"}]), KafkaTarget("t", timestamp="at"))
    assert caught.value.index == 41


def test_headers_have_a_constant_name_and_the_fields_text():
    target = KafkaTarget("t", headers=(("h", "x"), ("é", "/y/0")))
    columns = record_columns(batch_of(0, [{"x": "a", "y": [True]}, {}]), target)
    assert [header.name for header in columns.headers] == [b"h", "é".encode()]
    assert [header.values.data.tobytes() for header in columns.headers] == [b"a", b"true"]
    assert [header.values.validity().tolist() for header in columns.headers] == [[1, 0], [1, 0]]


@family(
    ("counts", "index", "partitions", "wanted"),
    [
        ((), 7, 3, ((7, 3),)),
        (((0, 3),), 7, 3, ((0, 3),)),
        (((0, 3),), 7, 5, ((0, 3), (7, 5))),
        (((0, 3), (7, 5)), 9, 3, ((0, 3), (7, 5), (9, 3))),
    ],
)
def test_a_count_is_recorded_when_it_changes(counts, index, partitions, wanted):
    assert add_partition_count(counts, index, partitions) == wanted


def test_the_largest_event_is_named_by_index_and_bytes():
    batch = batch_of(10, ["a", "abc", "ab"], skipped={10})
    assert find_largest_event(batch, [0, 1]) == (11, 5)
    assert find_largest_event(batch, [1]) == (12, 4)
