"""Faulty events of both engines, and what the answer key says of them."""

import json
from collections import Counter

import numpy as np
import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.fault_rules import FaultKind, FaultRule, InjectedFault
from eventer.core.json_text import json_text
from eventer.core.model import (
    ColumnType,
    ConsoleTarget,
    EventContext,
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    OnNull,
    PostgresTarget,
    Stream,
    Template,
)
from eventer.core.pointer import ABSENT, parse_pointer, resolve
from eventer.core.written_part import value_tokens
from eventer.destinations.merge_batches import merge_batches
from eventer.plan.faults.fault_injecting_engine import FaultInjectingEngine
from eventer.plan.prepare import prepare
from eventer.testing.batches import batch_of

TEMPLATE = """
local i = std.native('get_integer'), pick = std.native('get_one_of');
{
  id: i(1, 1000),
  at: '2026-03-%02dT10:00:00Z' % i(10, 28),
  name: pick(['ann', '', 'zoé']),
  tiny: 1 / i(1, 9) / 1e7,
  to: pick([null, { city: 'Rome', zip: '%05d' % i(0, 99999) }]),
  list: [i(1, 3), { n: i(1, 3) }],
  op: pick(['upsert', 'upsert', 'delete']),
}
"""
RULES = (
    FaultRule(FaultKind.MISSING, 0.1, ("/to/city", "id")),
    FaultRule(FaultKind.CORRUPT, 0.2, ("name", "/list/1/n", "/list/0", "at"), "header"),
    FaultRule(FaultKind.NULL, 0.1, ("at",)),
    FaultRule(FaultKind.CORRUPT, 0.1, ("/to/zip",), "header"),
    FaultRule(FaultKind.MALFORMED, 0.05, label="header"),
    FaultRule(FaultKind.DROP, 0.05),
)
NAMES = ["whole", "omit", "value"]
TARGETS = [ConsoleTarget(), KafkaTarget("t", omit=("/to/zip",)), KafkaTarget("t", value="to")]
ROWS = 400


def spec_of(target, rules=RULES, **fields):
    source = EventSource(Template(TEMPLATE), Stream(1), EventContext())
    return GeneratorSpec(source, target, faults=rules, **fields)


def engine_of(spec):
    return prepare(spec.event_source.template).generator_engine(spec)


def generated(spec, rows=ROWS):
    return engine_of(spec).generate(0, np.zeros(rows, np.int64))


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_both_engines_give_the_same_bytes(target):
    prepared = prepare(Template(TEMPLATE))
    batches = []
    for name in ("plan", "interpreter"):
        healthy = prepared.engine(Stream(1), EventContext(), part=target.part, engine=name)
        faulty = prepared.with_faults(healthy, Stream(1), RULES, target)
        assert faulty.name == name
        batches.append(faulty.generate(0, np.zeros(ROWS, np.int64)))
    plan, interpreter = batches
    assert plan.text.equals(interpreter.text)
    assert plan.index.tolist() == interpreter.index.tolist()
    assert plan.dropped.tolist() == interpreter.dropped.tolist()
    assert plan.fault_labels.equals(interpreter.fault_labels)


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_the_answer_key_is_what_a_reader_finds_beside_the_healthy_stream(target):
    engine = engine_of(spec_of(target))
    assert isinstance(engine, FaultInjectingEngine)
    healthy = generated(spec_of(target, ()))
    key = {event.row: event for event in engine.injector.faulty_events(healthy)}
    faulty = engine.generate(0, np.zeros(ROWS, np.int64))
    found = dict(zip(faulty.index.tolist(), faulty.text.to_pylist(), strict=True))
    differing = {
        index for index, text in enumerate(healthy.text.to_pylist()) if found.get(index) != text
    }
    assert set(key) == differing
    assert faulty.dropped.tolist() == [row for row, event in key.items() if event.text is None]
    seen = {fault.kind for event in key.values() for fault in event.faults}
    kinds = {kind for kind in FaultKind if not kind.has_delay}
    assert seen == (kinds if target.value is None else kinds - {FaultKind.NULL})
    depth = len(value_tokens(target.part))
    for row, event in key.items():
        if event.is_json:
            values = json.loads(healthy.text[row].as_py()), json.loads(found[row])
            check_faults(*values, event, depth)


@pytest.mark.parametrize("target", TARGETS, ids=NAMES)
def test_a_batch_counts_the_events_with_faults_by_kind(target):
    engine = engine_of(spec_of(target))
    key = engine.injector.faulty_events(generated(spec_of(target, ())))
    faulty = engine.generate(0, np.zeros(ROWS, np.int64))
    expected = {event.row: {fault.kind for fault in event.faults} for event in key}
    assert faulty.fault_counts == Counter(kind for kinds in expected.values() for kind in kinds)
    assert faulty.fault_counts[FaultKind.DROP] == len(faulty.dropped) > 0
    rejected = [event.row for event in key if event.text is not None][::2]
    committed = [kinds for row, kinds in expected.items() if row not in rejected]
    counts = faulty.without(rejected).fault_counts
    assert counts == Counter(kind for kinds in committed for kind in kinds)


def check_faults(healthy, faulty, event, depth):
    """Each fault is where the key says; nothing else has changed."""
    changed = set()
    for fault in event.faults:
        tokens = parse_pointer(fault.field)[depth:]
        changed.add(tokens[0])
        found, before = resolve(faulty, tokens), resolve(healthy, tokens)
        assert before is not ABSENT
        match fault.kind:
            case FaultKind.MISSING:
                assert found is ABSENT or len(event.faults) > 1
            case FaultKind.NULL:
                assert (found, fault.change) == (None, None)
            case FaultKind.CORRUPT if len(event.faults) == 1:
                wrong_type = type(found) is not type(before)
                assert (fault.change == "wrong_type") == wrong_type
    for name in set(healthy) - changed:
        assert json_text(faulty[name]) == json_text(healthy[name])


def test_healthy_events_and_numbers_stay_byte_for_byte():
    healthy = generated(spec_of(ConsoleTarget(), ()))
    assert any(b"e-" in text for text in healthy.text.to_pylist())
    faulty = generated(spec_of(ConsoleTarget(), (FaultRule(FaultKind.MISSING, 1.0, ("id",)),)))
    expected = [json.loads(text) for text in healthy.text.to_pylist()]
    for event in expected:
        del event["id"]
    assert [text.decode() for text in faulty.text.to_pylist()] == list(map(json_text, expected))


def test_options_are_read_before_faults():
    rules = (FaultRule(FaultKind.MISSING, 1.0, ("id",)), FaultRule(FaultKind.NULL, 1.0, ("at",)))
    target = KafkaTarget("t", key="id", timestamp="at")
    healthy, faulty = generated(spec_of(target, ())), generated(spec_of(target, rules))
    for pointer in ("/id", "/at"):
        column = faulty.fields.column(pointer, ColumnType.KEY)
        assert column.equals(healthy.fields.column(pointer, ColumnType.KEY))
        assert faulty.written.column(pointer, ColumnType.KEY).null_count == ROWS


def test_a_deletion_is_only_dropped():
    rules = (FaultRule(FaultKind.MALFORMED, 1.0), FaultRule(FaultKind.DROP, 0.2))
    healthy = generated(spec_of(KafkaTarget("t", key="id", op="op"), ()))
    engine = engine_of(spec_of(KafkaTarget("t", key="id", op="op"), rules))
    operations = healthy.fields.column("/op", ColumnType.TEXT).to_pylist()
    events = engine.injector.faulty_events(healthy)
    kinds = {(operations[event.row], event.faults[0].kind) for event in events}
    assert kinds == {("upsert", FaultKind.MALFORMED), ("delete", FaultKind.DROP)}


def test_the_first_of_the_faults_that_end_an_event_counts():
    ending = (FaultRule(FaultKind.DROP, 1.0), FaultRule(FaultKind.MALFORMED, 1.0))
    rules = (FaultRule(FaultKind.NULL, 1.0, ("id",)), *ending)
    healthy = generated(spec_of(ConsoleTarget(), ()), 1)
    (event,) = engine_of(spec_of(ConsoleTarget(), rules)).injector.faulty_events(healthy)
    assert (event.faults, event.text) == ((InjectedFault(FaultKind.DROP),), None)
    engine = engine_of(spec_of(ConsoleTarget(), (rules[0], *ending[::-1])))
    (event,) = engine.injector.faulty_events(healthy)
    assert [fault.kind for fault in event.faults] == [FaultKind.MALFORMED]


def test_dropped_null_events_and_dropped_faulty_ones_are_counted_together():
    target = ConsoleTarget(value="to")
    nulls = generated(spec_of(target, (), on_null=OnNull.DROP)).dropped
    batch = generated(spec_of(target, on_null=OnNull.DROP))
    assert set(nulls.tolist()) < set(batch.dropped.tolist())
    assert batch.skipped == 0


def test_labels_go_with_their_rows():
    batch = generated(spec_of(ConsoleTarget()))
    labels = batch.fault_labels.to_pylist()
    assert set(labels) == {None, b"corrupt", b"malformed"}
    plain = batch_of(0, [1, 2])
    assert merge_batches([plain, batch]).fault_labels.to_pylist() == [None, None, *labels]
    kept = np.arange(batch.rows) % 3 == 0
    assert batch.take(kept).fault_labels.to_pylist() == labels[::3]
    assert merge_batches([batch]).take(kept).fault_labels.to_pylist() == labels[::3]
    assert generated(spec_of(ConsoleTarget(), RULES[:1])).fault_labels is None


def test_columns_have_the_faulty_values():
    rules = (*RULES[:4], FaultRule(FaultKind.DROP, 0.1))
    batch = generated(spec_of(PostgresTarget("t"), rules))
    events = [json.loads(text) for text in batch.text.to_pylist()]
    assert {type(event.get("name")) for event in events} == {str}
    for part, start, stop in ((batch.written, 0, batch.rows), (batch.written.cut(7, 40), 7, 40)):
        for pointer, kind in (
            ("/id", ColumnType.BIGINT),
            ("/name", ColumnType.TEXT),
            ("/op", ColumnType.TEXT),
        ):
            expected = [event.get(pointer[1:]) for event in events[start:stop]]
            assert part.column(pointer, kind).to_pylist() == expected
        texts = part.column("/to", ColumnType.JSONB).to_pylist()
        assert [text and json.loads(text) for text in texts] == [
            event["to"] for event in events[start:stop]
        ]


def test_a_rejected_value_names_its_event():
    batch = generated(spec_of(PostgresTarget("t"), (FaultRule(FaultKind.CORRUPT, 0.1, ("id",)),)))
    with pytest.raises(DestinationRejectedError) as error:
        batch.written.column("/id", ColumnType.BIGINT)
    values = [json.loads(text)["id"] for text in batch.text.to_pylist()]
    wrong = [index for index, value in enumerate(values) if type(value) is not int]
    assert error.value.index == wrong[0]
    errors = batch.rejected_values("/id", ColumnType.BIGINT)
    assert [each.index for each in errors] == wrong


def test_a_field_outside_of_what_is_written_has_no_fault():
    target = ConsoleTarget(value="to")
    rules = (FaultRule(FaultKind.MISSING, 1.0, ("id",)),)
    assert generated(spec_of(target, rules)).text.equals(generated(spec_of(target, ())).text)
