"""The ledger's entries: which offsets hold which events."""

import json

from aiokafka.record.memory_records import MemoryRecords

from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.ledger import (
    LedgerEntry,
    build_entry,
    decode_ledger_key,
    encode_ledger_key,
    ledger_batches,
    target_for,
)
from eventer.destinations.kafka.record_encoding import SplitOptions
from eventer.destinations.kafka.send_plan import plan
from eventer.destinations.kafka.topic_admin import Topic
from eventer.kernels.kafka.record_batches import ProducerState
from eventer.testing.batches import batch_of

KEY = PositionKey(0xABC, 7, 2)


def planned(batches, *, partitions=2, limit=1_000_000):
    flow = Flow(KEY, KafkaTarget("t.1"))
    topic = Topic("t.1", partitions, limit)
    return plan(
        Delivery(flow, tuple(batches)),
        topic,
        Position(),
        SplitOptions("none", limit),
        lambda _: None,
    )


def test_an_entry_says_where_the_events_of_each_partition_are():
    made = planned([batch_of(0, list(range(250)))])
    assert [(s.send.partition, s.count) for s in made.slices] == [(0, 150), (1, 100)]
    entry = build_entry(made, [40, 7])
    assert entry == LedgerEntry(0, 250, places=((0, 40, 150), (1, 7, 100)))


def test_adjacent_batches_are_one_offset_range():
    made = planned([batch_of(0, [1, 2]), batch_of(2, [3]), batch_of(3, [4])], partitions=1)
    assert build_entry(made, [10, 12, 20]).places == ((0, 10, 3), (0, 20, 1))


def test_skipped_indices_are_listed():
    made = planned(
        [batch_of(0, list(range(6)), skipped=[0, 1, 4]), batch_of(6, [1, 2], skipped=[6, 7])]
    )
    assert build_entry(made, [3]) == LedgerEntry(
        0, 8, ((0, 3, 3),), skipped=((0, 2), (4, 5), (6, 8))
    )


def test_a_record_is_json_under_the_key_of_its_generator_and_topic():
    made = planned([batch_of(5, [1])])
    (batch,) = ledger_batches([(made, build_entry(made, [9]))], 1_000, "none")
    (record,) = MemoryRecords(bytes(batch.seal(ProducerState()))).next_batch()
    assert decode_ledger_key(record.key) == (KEY, "t.1")
    assert json.loads(record.value) == {"first": 5, "n": 1, "skipped": [], "places": [[0, 9, 1]]}
    assert record.timestamp == 1_000


def test_many_entries_are_cut_below_what_a_topic_takes():
    made = planned([batch_of(0, [1])])
    entry = LedgerEntry(0, 1, places=((0, 1 << 40, 1),) * 40)
    batches = ledger_batches([(made, entry)] * 2_500, 0, "none")
    assert len(batches) > 1
    assert sum(batch.count for batch in batches) == 2_500
    assert all(len(batch.seal(ProducerState())) <= 1_048_588 for batch in batches)


def test_keys_of_other_formats_are_ignored():
    assert decode_ledger_key(encode_ledger_key(KEY, "a")) == (KEY, "a")
    for other in (b"", b"x", b"/", b"1/2/3/t", b"0000000000000abc/7/2"):
        assert decode_ledger_key(other) is None


def test_the_topic_forgets_after_its_time():
    config = dict(target_for(3, 2.0).config)
    assert config["retention.ms"] == str(2 * 3_600_000)
    assert config["cleanup.policy"] == "delete"
