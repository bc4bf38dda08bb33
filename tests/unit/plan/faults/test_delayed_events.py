"""Late events and copies: when they are due, what they are, and what the answer key says."""

import json
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.core.fault_rules import FaultKind, FaultRule, longest_delay
from eventer.core.model import (
    ColumnType,
    ConsoleTarget,
    EventContext,
    KafkaTarget,
    OnNull,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import PaceSpec, Steady
from eventer.core.rate import parse_rate
from eventer.core.timelines import TimelineSpec
from eventer.jsonnet.importer import NoLibrary
from eventer.kernels import draw
from eventer.plan.draw_keys import root_key
from eventer.plan.prepare import dropping_nulls, prepare
from eventer.runs.pacing import Pace
from eventer.runs.timelines import opened_timelines
from eventer.runs.timelines.starts import TimelineStarts
from eventer.runs.timelines.step_engine import StepEngine
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable
from eventer.workers.inspector_messages import RecomputeEvents, RecomputeFaults
from eventer.workers.inspector_requests import reply_to
from tests.unit.plan.faults.test_fault_injecting_engine import TARGETS, TEMPLATE, spec_of

SECOND = 10**9
BIGINT = ColumnType.BIGINT
T0 = 1_767_225_600 * SECOND
ROWS = 300
LATE = FaultRule(FaultKind.LATE, 0.2, by=(SECOND, 60 * SECOND))
COPY = FaultRule(FaultKind.DUPLICATE, 0.1, by=(0, 5 * SECOND))
LISTS = {
    "late": (LATE,),
    "copies": (COPY,),
    "late, copied": (LATE, COPY),
    "copied, late": (COPY, LATE),
    "several": (LATE, COPY, LATE, COPY, COPY),
}
CONTENT = (
    FaultRule(FaultKind.DROP, 0.1),
    FaultRule(FaultKind.CORRUPT, 0.2, ("/list/0",), "header"),
    FaultRule(FaultKind.MALFORMED, 0.1),
)
ROOT = root_key(Stream(1), prepare(Template(TEMPLATE)).program.digest)


CONSOLE = ConsoleTarget()
INDEX = np.arange(ROWS)


def delayed_of(rules, target=CONSOLE, engine="auto", template=TEMPLATE, **fields):
    spec = spec_of(target, rules, **fields)
    prepared = prepare(Template(template))
    healthy = prepared.engine(Stream(1), EventContext(), part=target.part, engine=engine)
    faulty = prepared.with_faults(dropping_nulls(healthy, spec), Stream(1), rules, target)
    return prepared.delayed_events(faulty, Stream(1), rules)


def starts(first=0, count=ROWS):
    return T0 + np.arange(first, first + count) * 100_000_000


def evaluated(delayed, index=INDEX):
    """The deliveries of each event: delay, text, label."""
    found, done = [], 0
    while done < len(index):
        rows = delayed.evaluate(index[done:], starts()[index[done:]])
        labels = rows.content.labels
        columns = [rows.content.texts.to_pylist()]
        columns.append([None] * len(rows.place) if labels is None else labels.to_pylist())
        for row in range(len(rows)):
            steps = range(rows.offsets[row], rows.offsets[row + 1])
            places = [rows.place[step] for step in steps]
            found.append(
                [
                    (int(rows.after[step]), *(column[place] for column in columns))
                    for step, place in zip(steps, places, strict=True)
                ]
            )
        done += len(rows)
    return found


def expected_delays(rules, index):
    """The delays of an event and of its copies, drawn one by one."""
    late, copies, occurrences = 0, [], Counter()
    for rule in rules:
        kind = rule.kind.value
        key = draw.descend(ROOT, draw.step_of("faults"), draw.step_of(kind), occurrences[kind])
        occurrences[kind] += 1
        if rule.by and draw.unit(draw.draw(key, index)) < rule.probability:
            by = draw.bounded(draw.draw(draw.child(key, 0), index), *rule.by)
            if rule.kind is FaultKind.LATE:
                late += by
            else:
                copies.append(late + by)
    return [late, *copies]


@pytest.mark.parametrize("rules", LISTS.values(), ids=LISTS)
def test_deliveries_are_healthy_events_that_are_late_or_copied(rules):
    healthy = delayed_of(rules).engine.generate(0, starts()).text.to_pylist()
    found = evaluated(delayed_of(rules))
    for index, deliveries in enumerate(found):
        assert [after for after, *_ in deliveries] == expected_delays(rules, index)
        assert {text for _, text, _ in deliveries} == {healthy[index]}
    assert max(after for steps in found for after, *_ in steps) <= longest_delay(rules)
    assert evaluated(delayed_of(rules, engine="interpreter")) == found
    some = np.array([3, 4, 7, 200, 299])
    assert evaluated(delayed_of(rules), some) == [found[index] for index in some]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target.part))
def test_other_faults_are_in_all_copies_and_dropped_events_have_none(target):
    rules = (*CONTENT, *LISTS["several"])
    delayed = delayed_of(rules, target)
    batch = delayed.engine.generate(0, starts())
    texts = dict(zip(batch.index.tolist(), batch.text.to_pylist(), strict=True))
    found = evaluated(delayed)
    for index, deliveries in enumerate(found):
        assert {text for _, text, _ in deliveries} == {texts.get(index)}
        if index not in texts:
            assert deliveries == [(0, None, None)]
    assert 0 < sum(steps == [(0, None, None)] for steps in found) == len(batch.dropped)
    assert found == evaluated(delayed_of(rules, target, "interpreter"))


def test_labels_of_deliveries_follow_those_of_what_is_written():
    always = FaultRule(FaultKind.NULL, 1, ("id",), "header")

    def labels(*rules):
        return [label for _, _, label in evaluated(delayed_of(rules), np.arange(1))[0]]

    late, copy = (
        FaultRule(kind, 1, label="header", by=(5, 5))
        for kind in (FaultKind.LATE, FaultKind.DUPLICATE)
    )
    assert labels(late, copy) == [b"late", b"late,duplicate"]
    assert labels(copy, late) == [b"late", b"duplicate"]
    assert labels(copy, always) == [b"null", b"null,duplicate"]
    assert labels(FaultRule(FaultKind.LATE, 1, by=(5, 5)), copy) == [None, b"duplicate"]


def test_rates_and_delays_are_within_bounds():
    rows = 20_000
    delayed = delayed_of((LATE, COPY))
    events, copies = delayed.delays.deliveries(np.arange(rows))
    late = events.after[events.after > 0]
    for found, rule in ((len(late), LATE), (len(copies.row), COPY)):
        deviation = math.sqrt(rows * rule.probability * (1 - rule.probability))
        assert abs(found - rows * rule.probability) < 5 * deviation
    assert late.min() >= LATE.by[0]
    assert late.max() <= LATE.by[1]
    mean = sum(LATE.by) / 2
    assert abs(late.mean() - mean) < 5 * (LATE.by[1] - LATE.by[0]) / math.sqrt(12 * len(late))


def test_the_longest_delay_follows_the_list():
    assert longest_delay(()) == 0
    assert longest_delay((LATE, COPY)) == 65 * SECOND
    assert longest_delay((COPY, LATE)) == 60 * SECOND
    assert longest_delay((LATE, LATE, COPY, FaultRule(FaultKind.DROP, 1))) == 125 * SECOND


# -- delivery -------------------------------------------------------------------------------------

CLICKS = """local e = import 'eventer.libsonnet';
{ id: e.index(), at: e.epoch('us'), [if e.boolean(0.1) then 'tag']: e.uuid() }"""
PACE = Pace((Segment(T0, 0, PaceSpec(Steady(parse_rate("10/s")))),))


def step_engine(delayed, rules, limit=ROWS):
    spec = TimelineSpec(longest_delay(rules))
    sequence = StepSequence(delayed, TimelineStarts(PACE, limit), spec)
    return StepEngine(delayed, StepTimetable(sequence, simulated=True))


def batches(engine, size=50):
    """The batches of all deliveries, each released before the next."""
    timetable, at = engine.timetable, 0
    while timetable.total is None or at < timetable.total:
        end = min(timetable.due_end(0), at + size)
        if end == at:
            continue  # steps are taken for some time at once
        batch = engine.generate(at, timetable.scheduled(at, end - at))
        yield batch
        at = batch.next
        timetable.release(at)


def test_deliveries_are_counted_by_the_kinds_of_their_faults():
    labelled = [replace(rule, label="header") for rule in (LATE, COPY, *CONTENT[1:])]
    rules = (CONTENT[0], *labelled)
    counts, labels, dropped = Counter(), Counter(), 0
    for batch in batches(step_engine(delayed_of(rules), rules)):
        counts += batch.fault_counts
        dropped += len(batch.dropped)
        texts = [] if batch.fault_labels is None else batch.fault_labels.to_pylist()
        for text in texts:
            labels.update(text.decode().split(",") if text else ())
    assert counts.pop(FaultKind.DROP) == dropped > 0
    assert {kind.value: count for kind, count in counts.items()} == labels
    assert labels.keys() == {rule.kind.value for rule in labelled}


def test_the_answer_key_is_what_a_reader_finds():
    rules = (FaultRule(FaultKind.DROP, 0.1), LATE, COPY)
    seen, found = {}, {}
    for batch in batches(step_engine(delayed_of(rules, template=CLICKS), rules)):
        for due, text in zip(batch.scheduled.tolist(), batch.text.to_pylist(), strict=True):
            event = json.loads(text)
            if event["id"] in seen:
                assert text == seen[event["id"]][0]
                by = due - seen[event["id"]][1]
                found.setdefault(event["id"], []).append(("duplicate", by, due))
            elif late := due - 1_000 * event["at"]:
                found[event["id"]] = [("late", late, due)]
            seen.setdefault(event["id"], (text, due))
    for index in set(range(ROWS)) - seen.keys():
        found[index] = [("drop", None, None)]
    source = spec_of(ConsoleTarget()).event_source
    source = type(source)(Template(CLICKS), source.stream, source.context)
    request = RecomputeEvents(
        source, PACE.segments, 0, ROWS, "stop", target=ConsoleTarget(), faults=rules
    )
    answer = reply_to(RecomputeFaults(request), NoLibrary()).answer
    key = {
        event.index: [(fault.kind.value, fault.by, fault.due) for fault in event.faults]
        for event in answer.events
    }
    assert key == found
    assert {len(faults) for faults in key.values()} == {1, 2}


def test_columns_of_deliveries_are_those_of_their_texts(monkeypatch):
    rules = (FaultRule(FaultKind.NULL, 0.2, ("tag",)), LATE, COPY, FaultRule(FaultKind.DROP, 0.1))
    for most in (1 << 30, 0, 40):
        monkeypatch.setattr(opened_timelines, "MAX_READABLE_STEPS", most)
        delayed = delayed_of(rules, template=CLICKS)
        for batch in batches(step_engine(delayed, rules)):
            events = [json.loads(text) for text in batch.text.to_pylist()]
            read = {
                "id": batch.written.column("/id", BIGINT),
                "at": batch.fields.column("/at", BIGINT),
                "tag": batch.written.column("/tag", ColumnType.TEXT),
            }
            for name, column in read.items():
                assert column.to_pylist() == [event.get(name) for event in events]
            cut = batch.written.cut(3, 9).column("/id", BIGINT)
            assert cut.equals(read["id"][3:9])
            assert batch.written.names() == {"id", "at", "tag"}
            assert batch.rows + len(batch.dropped) == batch.count


def test_a_rejected_value_and_an_event_that_raises_are_named_by_their_event():
    rules = (FaultRule(FaultKind.LATE, 1, by=(SECOND, SECOND)), replace(COPY, probability=1))
    text = """local n = std.native('get_index')();
    if n == 3 then error 'no' else { a: if n == 2 then 'x' else n }"""
    for engine in ("plan", "interpreter"):
        found = batches(step_engine(delayed_of(rules, template=text, engine=engine), rules, 5))
        with pytest.raises(EvaluationError, match="no") as raised:
            next(found)
        assert raised.value.index == 3, "no delivery of an event that raises comes before others"
        found = batches(step_engine(delayed_of(rules, template=text, engine=engine), rules, 3))
        errors = [each for batch in found for each in batch.rejected_values("/a", BIGINT)]
        assert [error.message for error in errors] == [
            'event 2: the value at /a is not a bigint: "x"'
        ] * 2


def test_null_events_are_dropped_once_and_not_delivered():
    always = (FaultRule(FaultKind.DUPLICATE, 1, by=(1, 1)),)
    text = "local n = std.native('get_index')(); if n % 2 == 0 then null else n"
    target = KafkaTarget("t")
    delayed = delayed_of(always, target, template=text, on_null=OnNull.DROP)
    found = [*batches(step_engine(delayed, always, 10))]
    texts = [text for batch in found for text in batch.text.to_pylist()]
    assert sorted(texts) == sorted(2 * [b"%d" % n for n in range(1, 10, 2)])
    assert sum(len(batch.dropped) for batch in found) == 5
    assert sum(batch.skipped for batch in found) == 0
