"""Null events are dropped."""

import json

import numpy as np

from eventer.core.batch import advance_position
from eventer.core.model import (
    ColumnType,
    ConsoleTarget,
    EventContext,
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    OnNull,
    Position,
    Stream,
    Template,
    WrittenPart,
)
from eventer.plan.null_events import null_rows
from eventer.plan.prepare import prepare
from eventer.testing.batches import batch_of
from tests.families import family

TEMPLATE = """
local i = std.native('get_integer')(1, 4);
{ op: if i == 2 then 'delete', id: i, row: if i > 2 then { id: i } else null }
"""


def generated(target, on_null=OnNull.DROP):
    spec = GeneratorSpec(
        EventSource(Template(TEMPLATE), Stream(1), EventContext()), target, on_null=on_null
    )
    engine = prepare(spec.event_source.template).generator_engine(spec)
    return engine.generate(0, np.zeros(100, np.int64))


@family("text", ["true", "1234", '"ab"', "{}", "[1]"])
def test_null_alone_is_null(text):
    batch = batch_of(0, [None, json.loads(text), None])
    assert null_rows(batch).tolist() == [True, False, True]
    assert null_rows(batch.without([0])).tolist() == [False, True]
    assert null_rows(batch_of(0, [])).tolist() == []


def test_the_written_part_counts():
    kept = generated(ConsoleTarget(value="row"), OnNull.EMIT)
    nulls = [index for index, text in enumerate(kept.text.to_pylist()) if text == b"null"]
    batch = generated(ConsoleTarget(value="row"))
    assert 0 < len(nulls) < 100
    assert batch.dropped.tolist() == nulls
    assert batch.skipped == 0
    assert batch.count == 100
    assert b"null" not in batch.text.to_pylist()
    assert generated(ConsoleTarget()).rows == 100


def test_a_deletion_is_never_dropped():
    target = KafkaTarget("t", key="id", value="row", op="op")
    batch = generated(target)
    assert set(batch.fields.column("/id", ColumnType.BIGINT).to_pylist()) == {2, 3, 4}


def test_the_position_counts_dropped_events_apart():
    batch = batch_of(0, [1, None, 2, None, 3], skipped={4})
    dropped = batch.drop(null_rows(batch))
    assert (dropped.rows, dropped.skipped, dropped.dropped.tolist()) == (2, 1, [1, 3])
    position = advance_position(Position(dropped=1), [dropped])
    assert (position.next, position.skipped, position.dropped) == (5, 1, 3)
    assert dropped.without([0]).dropped.tolist() == [1, 3]


def test_values_of_whole_events_count_as_memory():
    template = "{ id: std.native('get_integer')(1, 9), pad: std.repeat('x', 100000) }"
    interpreter = prepare(Template(template)).engine(
        Stream(1), EventContext(), part=WrittenPart("id"), engine="interpreter"
    )
    batch = interpreter.generate(0, np.zeros(100, np.int64))
    assert batch.count == 42, "4 MiB of whole events"
    assert batch.event_bytes > 42 * 100_000 > 1_000 > batch.nbytes
    whole = prepare(Template(template)).engine(Stream(1), EventContext(), engine="interpreter")
    assert whole.generate(0, np.zeros(1, np.int64)).event_bytes == 0
