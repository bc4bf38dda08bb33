"""Which offsets hold which events, out of what the ledger says."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.destinations.kafka.ledger_index import (
    NO_LOCATION,
    EntryRun,
    Intervals,
    OffsetLocator,
    concat_entries,
    find_redelivered,
    first_entry_of_current_topic,
    first_retained_entry,
    parse_entries,
    split_at_gaps,
)
from tests.families import family


def entries(*listed):
    """Each is (first, n, places)."""
    return parse_entries(
        [
            json.dumps({"first": first, "n": n, "skipped": [], "places": places}).encode()
            for first, n, places in listed
        ]
    )


def located(found, run, index, partition):
    return OffsetLocator(found, run).offsets(np.array(index), np.array(partition)).tolist()


def test_events_lie_in_their_partition_one_after_the_other():
    found = entries((0, 4, [[0, 10, 2], [1, 5, 2]]), (4, 3, [[0, 20, 1], [0, 30, 2]]))
    (run,) = split_at_gaps(found)
    assert run == EntryRun(0, 2, 0, 7)
    assert located(found, run, range(7), [0, 1, 0, 1, 0, 0, 0]) == [10, 5, 11, 6, 20, 30, 31]


def test_events_without_a_ledger_entry_have_no_offset():
    found = entries((0, 3, [[0, 10, 2]]), (3, 2, [[0, 12, 2]]))
    (run,) = split_at_gaps(found)
    assert located(found, run, range(5), [0, 0, 0, 0, 0]) == [10, 11, NO_LOCATION, 12, 13]
    assert located(found, run, range(5), [0, 1, 0, 0, 0]) == [10, NO_LOCATION, 11, 12, 13]
    assert located(found, run, [0, 4], [0, 0]) == [10, 12]


@given(
    st.lists(st.lists(st.integers(0, 2), max_size=6), min_size=1, max_size=6),
    st.lists(st.integers(1, 7), min_size=1, max_size=40),
)
def test_offsets_are_found_for_any_entries_and_pages(partitions, pages):
    """Each inner list is an entry: the partition of each of its events."""
    heads, listed, expected, index = [0, 100, 1000], [], [], 0
    for of_entry in partitions:
        places = []
        for partition in of_entry:
            places.append([partition, heads[partition], 1])
            expected.append(heads[partition])
            heads[partition] += 1
        heads = [head + 3 for head in heads]
        listed.append((index, len(of_entry), sorted(places)))
        index += len(of_entry)
    found = entries(*listed)
    locator = OffsetLocator(found, split_at_gaps(found)[0])
    flat = np.array([p for of_entry in partitions for p in of_entry], np.int64)
    got, at = [], 0
    for size in pages:
        part = flat[at : at + size]
        if len(part):
            got += locator.offsets(np.arange(at, at + len(part)), part).tolist()
        at += size
    assert got == expected[: len(got)]


def test_entries_are_cut_at_gaps():
    found = entries((5, 5, []), (10, 2, []), (20, 1, []))
    assert split_at_gaps(found) == [EntryRun(0, 2, 5, 12), EntryRun(2, 3, 20, 21)]
    assert split_at_gaps(entries()) == []


def test_entries_of_a_dropped_topic_are_ignored():
    assert first_entry_of_current_topic(entries((0, 2, [[0, 0, 2]]), (2, 2, [[0, 3, 2]]))) == 0
    dropped = entries((0, 2, [[0, 0, 2]]), (2, 2, [[0, 3, 2]]), (4, 1, [[1, 9, 1], [0, 0, 1]]))
    assert first_entry_of_current_topic(dropped) == 2
    rest = dropped.take(np.array([False, False, True]))
    assert split_at_gaps(rest) == [EntryRun(0, 1, 4, 5)]
    assert rest.offset_ranges.entry.tolist() == [0, 0]


def test_entries_whose_records_the_log_has_forgotten():
    found = entries((0, 2, [[0, 0, 2]]), (2, 2, [[1, 0, 2]]), (4, 2, [[0, 2, 2]]))
    alive = np.ones(3, np.bool_)
    assert first_retained_entry(found, {0: 0, 1: 0}, alive) == 0
    assert first_retained_entry(found, {0: 1, 1: 0}, alive) == 1
    assert first_retained_entry(found, {0: 1, 1: 1}, alive) == 2
    assert first_retained_entry(found, {0: 3}, alive) == 3
    assert first_retained_entry(found, {0: 1, 1: 1}, np.array([True, False, True])) == 1


def test_taking_some_entries_renumbers_their_ranges():
    found = entries((0, 2, [[0, 0, 2]]), (2, 2, [[0, 2, 2]]), (4, 1, [[0, 9, 1]]))
    kept = found.take(np.array([True, False, True]))
    assert kept.first.tolist() == [0, 4]
    assert kept.offset_ranges.entry.tolist() == [0, 1]
    assert kept.offset_ranges.offset.tolist() == [0, 9]


def test_entries_whose_events_were_delivered_again():
    assert find_redelivered(entries((0, 2, []), (2, 2, []), (4, 1, []))).tolist() == [False] * 3
    again = entries((0, 2, []), (2, 2, []), (1, 2, []), (3, 1, []), (9, 1, []))
    assert find_redelivered(again).tolist() == [True, True, False, False, False]
    assert find_redelivered(entries()).tolist() == []


def test_entries_of_several_pages_are_one_list():
    one, two = entries((0, 2, [[0, 0, 2]])), entries((2, 1, [[0, 2, 1]]), (3, 1, [[0, 3, 1]]))
    both = concat_entries([one, two])
    assert both.first.tolist() == [0, 2, 3]
    assert both.offset_ranges.entry.tolist() == [0, 1, 2]
    assert len(concat_entries([])) == 0


@family("value", [b"{}", b"x", b'{"first":0,"n":1,"places":[[1,2]]}', b"[]"])
def test_invalid_entries_are_refused(value):
    with pytest.raises(ValueError, match="not a ledger entry"):
        parse_entries([value])


def test_intervals_contain_their_offsets():
    intervals = Intervals(np.array([20, 5]), np.array([23, 6]))
    asked = np.array([4, 5, 6, 19, 20, 22, 23])
    assert intervals.contains(asked).tolist() == [False, True, False, False, True, True, False]
    nothing = np.zeros(0, np.int64)
    assert Intervals(nothing, nothing).contains(asked).tolist() == [False] * 7


def test_skipped_ranges_are_kept():
    value = json.dumps({"first": 0, "n": 9, "skipped": [[2, 3], [5, 7]], "places": []}).encode()
    assert concat_entries([parse_entries([value])]).skipped.tolist() == [[2, 3], [5, 7]]
