"""Every flaw is reported for the right event, and nothing else."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.destinations.audit import Flaw
from eventer.destinations.comparison import (
    DELETED,
    NO_LOCATION,
    Findings,
    KeyedDigests,
    LogComparison,
    RecordDigests,
    compare_appended,
    compare_upserted,
)

ASPECTS = ("value", "key", "timestamp")


def word(*parts):
    """A digest of the parts."""
    return random.Random(repr(parts)).getrandbits(64)


class Log:
    """A log of one generator: event n has the value ("event", n) and the location 10 + n."""

    def __init__(self, count):
        self.count = count
        self.locations = {n: 10 + n for n in range(count)}
        self.records = {10 + n: self.event(n) for n in range(count)}
        self.stray = {}

    @staticmethod
    def event(n):
        return [word("event", n), word("key", n % 3), n * 1000]

    def verify(self, page=4, **options):
        comparison = LogComparison(ASPECTS, **options)
        for first in range(0, self.count, page):
            index = np.arange(first, min(self.count, first + page))
            places = np.array([self.locations[n] for n in index.tolist()], np.int64)
            expected = RecordDigests(
                places, np.array([self.event(n) for n in index.tolist()], np.uint64)
            )
            comparison.compare(index, expected, self._rows(sorted(places), self.records))
        comparison.add_strays(self._rows(sorted(self.stray), self.stray))
        digests_to_find = comparison.digests_to_find()
        if len(digests_to_find):
            index = np.arange(self.count)
            values = np.array([self.event(n)[0] for n in index.tolist()], np.uint64)
            comparison.identify(index, values, digests_to_find)
        assert comparison.checked == self.count
        return comparison.findings()

    @staticmethod
    def _rows(places, where):
        there = [place for place in places if place in where]
        contents = [where[place] for place in there]
        return RecordDigests(
            np.array(there, np.int64), np.array(contents, np.uint64).reshape(len(there), 3)
        )


def flaws_of(findings):
    assert sum(findings.totals.values()) == len(findings.listed)
    return {(found.flaw, found.index, found.location) for found in findings.listed}


def test_a_complete_log_has_no_flaws():
    findings = Log(10).verify()
    assert findings.listed == []
    assert not any(findings.totals.values())


def test_an_empty_log_of_no_events_has_no_flaws():
    assert flaws_of(Log(0).verify()) == set()


def test_a_changed_record_is_named():
    log = Log(3)
    log.records[11] = [log.event(1)[0], word("x"), 1]
    (found,) = log.verify().listed
    assert (found.flaw, found.index, found.location) == (Flaw.CHANGED, 1, 11)
    assert found.detail == "another key and timestamp"


def test_an_event_at_the_location_of_another_is_reordered():
    log = Log(9)
    log.records[12] = log.event(7)
    (found,) = log.verify().listed
    assert (found.flaw, found.index) == (Flaw.REORDERED, 2)
    assert found.detail == "event 7 is in its place"


def test_an_event_without_a_location_is_missing():
    log = Log(4)
    log.locations[2] = NO_LOCATION
    assert flaws_of(log.verify()) == {(Flaw.MISSING, 2, NO_LOCATION)}


FLAWS = st.sampled_from(["lost", "doubled", "changed", "swapped", "foreign"])


@given(st.integers(2, 40), st.lists(st.tuples(FLAWS, st.integers(0, 39)), max_size=8), st.data())
def test_each_flaw_is_reported_for_its_event(count, planned, data):
    """Each event has at most one flaw; exactly these flaws are reported."""
    log, expected, used = Log(count), set(), set()
    for number, (flaw, n) in enumerate(planned):
        if n >= count or n in used:
            continue
        place, far = 10 + n, 1_000 + number
        if flaw == "lost":
            del log.records[place]
            expected.add((Flaw.MISSING, n, place))
        elif flaw == "doubled":
            log.stray[far] = log.event(n)
            expected.add((Flaw.DUPLICATED, n, far))
        elif flaw == "changed":
            log.records[place] = [word("other", n), *log.event(n)[1:]]
            expected.add((Flaw.CHANGED, n, place))
        elif flaw == "foreign":
            log.stray[far] = [word("foreign", number), 0, 0]
            expected.add((Flaw.FOREIGN, None, far))
        else:
            free = [m for m in range(count) if m not in used and m != n]
            if not free:
                continue
            m = data.draw(st.sampled_from(free))
            log.records[place], log.records[10 + m] = log.records[10 + m], log.records[place]
            expected |= {(Flaw.REORDERED, n, place), (Flaw.REORDERED, m, 10 + m)}
            used.add(m)
        used.add(n)
    assert flaws_of(log.verify(page=data.draw(st.integers(1, 50)))) == expected


def test_events_delivered_again_are_duplicates():
    comparison = LogComparison(ASPECTS)
    comparison.add_redelivered(np.array([4, 5]), np.array([70, 71]))
    assert flaws_of(comparison.findings()) == {(Flaw.DUPLICATED, 4, 70), (Flaw.DUPLICATED, 5, 71)}


def test_lists_are_limited_and_totals_are_not():
    log = Log(50)
    for n in range(50):
        log.records[10 + n] = [word("other", n), 0, 0]
        log.stray[100 + n] = [word("foreign", n), 0, 0]
    findings = log.verify(listed=3)
    assert findings.totals[Flaw.CHANGED] == findings.totals[Flaw.FOREIGN] == 50
    assert [found.index for found in findings.sorted_by_event()] == [0, 1, 2, None, None, None]


def test_classified_mismatches_are_limited_and_the_rest_is_counted():
    log = Log(30)
    for n in range(30):
        log.records[10 + n] = [word("other", n), 0, 0]
        log.stray[100 + n] = [word("foreign", n), 0, 0]
    findings = log.verify(held=5)
    assert findings.totals[Flaw.CHANGED] == 30
    assert findings.totals[Flaw.FOREIGN] == 30


# --- tables ---------------------------------------------------------------------------------------


def keyed(items, *, appended=False):
    """Items are (key, content, number); an event without content deletes."""
    contents = [
        int(DELETED) if content is None else word("content", content) for _, content, _ in items
    ]
    keys = contents if appended else [word("key", key) for key, _, _ in items]
    return KeyedDigests(
        np.array(keys, np.uint64),
        np.array(contents, np.uint64),
        np.array([number for _, _, number in items], np.int64),
    )


def upserted(events, rows, others=(), **options):
    findings = Findings()
    taken = np.array([word("key", key) for key in others], np.uint64)
    compare_upserted(keyed(events), keyed(rows), taken, findings, **options)
    return flaws_of(findings)


def test_the_last_event_of_each_key_is_the_row():
    events = [("a", 1, 0), ("b", 1, 1), ("a", 2, 2)]
    assert upserted(events, [("b", 1, 70), ("a", 2, 71)]) == set()
    assert upserted(events, [("b", 1, 70), ("a", 1, 71)]) == {(Flaw.REORDERED, 2, 71)}
    assert upserted(events, [("b", 1, 70), ("a", 9, 71)]) == {(Flaw.CHANGED, 2, 71)}
    assert upserted(events, [("a", 2, 71)]) == {(Flaw.MISSING, 1, NO_LOCATION)}
    assert upserted(events, []) == {(Flaw.MISSING, 1, NO_LOCATION), (Flaw.MISSING, 2, NO_LOCATION)}


def test_a_row_whose_last_event_deletes_it_must_be_absent():
    events = [("a", 1, 0), ("b", 1, 1), ("a", None, 2), ("b", None, 3), ("b", 2, 4), ("c", None, 5)]
    assert upserted(events, [("b", 2, 70)]) == set()
    assert upserted(events, []) == {(Flaw.MISSING, 4, NO_LOCATION)}
    assert upserted(events, [("a", 1, 71), ("b", 2, 70)]) == {(Flaw.REORDERED, 2, 71)}
    assert upserted(events, [("a", 9, 71), ("b", 2, 70)]) == {(Flaw.CHANGED, 2, 71)}
    assert upserted(events, [("c", 1, 71), ("b", 2, 70)]) == {(Flaw.CHANGED, 5, 71)}
    findings = Findings()
    compare_upserted(keyed(events), keyed([("a", 1, 71)]), np.zeros(0, np.uint64), findings)
    assert findings.sorted_by_event()[0].detail == (
        "the row is as event 0 left it, but this event deletes it"
    )


def test_deletions_keep_their_keys_and_numbers():
    events = keyed([("a", 1, 5), ("b", 2, 6)]).with_deletes(np.array([6]))
    assert events.deletes.tolist() == [False, True]
    assert events.key.tolist() == keyed([("a", 1, 5), ("b", 2, 6)]).key.tolist()
    assert events.with_deletes(np.zeros(0, np.int64)) is events


def test_rows_of_unknown_keys_are_foreign_except_for_keys_of_others():
    events = [("a", 1, 0), ("b", 1, 1)]
    rows = [("a", 5, 70), ("b", 1, 71), ("c", 1, 72), ("d", 1, 73)]
    assert upserted(events, rows, others=["a", "c"]) == {(Flaw.FOREIGN, None, 73)}
    assert upserted(events, rows, others=["a", "c"], foreign=False) == set()


def appended(events, rows, others=(), **options):
    findings = Findings()
    theirs = np.array([word("content", content) for content in others], np.uint64)
    given = [
        keyed([(None, content, number) for content, number in side], appended=True)
        for side in (events, rows)
    ]
    compare_appended(*given, theirs, findings, **options)
    return flaws_of(findings)


def test_appended_rows_are_compared_in_any_order():
    events = [("x", 0), ("y", 1), ("x", 2)]
    assert appended(events, [("x", 70), ("x", 71), ("y", 72)]) == set()
    assert appended(events, [("x", 70), ("y", 72)]) == {(Flaw.MISSING, 2, NO_LOCATION)}
    assert appended(events, [("y", 72)]) == {
        (Flaw.MISSING, 0, NO_LOCATION),
        (Flaw.MISSING, 2, NO_LOCATION),
    }
    more = [("x", 70), ("x", 71), ("y", 72), ("y", 73)]
    assert appended(events, more) == {(Flaw.DUPLICATED, 1, 73)}
    assert appended(events, [*more[:3], ("z", 74)]) == {(Flaw.FOREIGN, None, 74)}
    assert appended(events, [*more[:3], ("z", 74)], foreign=False) == set()


def test_rows_of_others_count_as_often_as_they_appended_them():
    events, rows = [("x", 0)], [("x", 70), ("x", 71), ("z", 72)]
    assert appended(events, rows, others=["x", "z"]) == set()
    assert appended(events, rows, others=["x", "x", "z"]) == {(Flaw.MISSING, 0, NO_LOCATION)}
    assert appended(events, rows, others=["z"]) == {(Flaw.DUPLICATED, 0, 71)}
    assert appended(events, [*rows, ("z", 73)], others=["x", "z"]) == {(Flaw.FOREIGN, None, 73)}


@pytest.mark.parametrize("compare", [upserted, appended])
def test_an_empty_table_without_events_has_no_flaws(compare):
    assert compare([], []) == set()


@given(st.lists(st.integers(0, 6), max_size=30), st.lists(st.integers(0, 8), max_size=30))
def test_multisets_differ_by_missing_and_duplicated_rows(events, rows):
    findings = Findings()
    compare_appended(
        keyed([(None, c, n) for n, c in enumerate(events)], appended=True),
        keyed([(None, c, 100 + n) for n, c in enumerate(rows)], appended=True),
        np.zeros(0, np.uint64),
        findings,
    )
    for content in range(9):
        own, there = events.count(content), rows.count(content)
        mine = [f for f in findings.listed if f.index is not None and events[f.index] == content]
        assert sum(f.flaw is Flaw.MISSING for f in mine) == max(0, own - there)
        assert sum(f.flaw is Flaw.DUPLICATED for f in mine) == (max(0, there - own) if own else 0)
    foreign = [f.location for f in findings.listed if f.flaw is Flaw.FOREIGN]
    assert sorted(rows[place - 100] for place in foreign) == sorted(
        c for c in rows if c not in events
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99)), max_size=30), st.data())
def test_a_table_of_upserts_equals_a_dictionary(events, data):
    table = dict(events)
    last = {key: n for n, (key, _) in enumerate(events)}
    rows = [(key, content, 100 + key) for key, content in table.items()]
    expected = set()
    if rows and data.draw(st.booleans()):
        key, _, place = rows.pop(data.draw(st.integers(0, len(rows) - 1)))
        expected.add((Flaw.MISSING, last[key], NO_LOCATION))
    if rows and data.draw(st.booleans()):
        key, _, place = rows[-1]
        rows[-1] = (key, -1, place)
        expected.add((Flaw.CHANGED, last[key], place))
    assert upserted([(k, c, n) for n, (k, c) in enumerate(events)], rows) == expected
