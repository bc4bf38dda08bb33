"""One commit as plain data."""

from aiokafka import errors as kafka
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.batches import Cut
from eventer.destinations.kafka.delivery import (
    Failure,
    by_plan,
    failures,
    plan,
    plan_jointly,
    sends_of,
    sharing,
)
from eventer.destinations.kafka.ledger import entry_of
from eventer.destinations.kafka.producer import NotSentError
from eventer.destinations.kafka.topic import Topic
from eventer.kernels.kafka_records import ProducerState
from eventer.testing.batches import batch_of

START = Position()


def planned(values, *, limit=1_000_000, before=START, generator=1, batches=1, partitions=1):
    flow = Flow(PositionKey(1, generator, 0), KafkaTarget("t"))
    size = len(values) // batches
    made = tuple(
        batch_of(before.next + n * size, values[n * size : (n + 1) * size]) for n in range(batches)
    )
    topic = Topic("t", partitions, limit)
    return plan(Delivery(flow, made), topic, before, Cut("none", limit), lambda _: None)


def test_the_position_counts_on_from_the_one_before():
    before = Position(next=100, skipped=3, bytes=50, partitions=((0, 1),))
    made = planned([1, 22, 333, 4444], before=before, batches=2, partitions=2)
    assert made.position == Position(104, 3, 60, ((0, 1), (100, 2)))
    assert [share.source.first for share in made.shares] == [100, 102]


def test_an_event_too_large_is_named_before_it_is_sent():
    made = planned(["a", "b" * 500, "c"], limit=400)
    error = made.too_large()
    assert error.index == 1
    assert "502 bytes" in error.message
    assert planned(["a", "b" * 100, "c"], limit=400).too_large() is None


def test_failures_are_found_per_flow_at_their_first_share():
    one, two = planned([1]), planned(["x" * 300] * 4, limit=400, generator=2)
    sends = sends_of([one, two])
    assert len(sends) == 5
    error = kafka.NotEnoughReplicasError()
    behind = NotSentError(error)
    outcomes = by_plan([one, two], sends, [7, 8, error, behind, behind])
    assert outcomes == [[7], [8, error, behind, behind]]
    assert failures([one, two], outcomes) == [Failure(two, 1, error)]
    assert failures([one, two], by_plan([one, two], sends, [0] * 5)) == []
    none = planned([])
    (send,) = sends_of([none, one])
    outcomes = by_plan([none, one], [send], [behind])
    assert failures([none, one], outcomes) == [Failure(one, 0, error, sent=False)]


def test_a_batch_of_many_is_cut_smaller_and_one_event_is_refused():
    many, single = planned([1, 2, 3]), planned(["x"])
    error = kafka.MessageSizeTooLargeError()
    assert Failure(many, 0, error).batch_too_large
    size = many.shares[0].send.batch.size
    assert Failure(many, 0, error).smaller(Topic("t", 1, 10_000)).max_message_bytes == size // 2
    assert Failure(many, 0, error).smaller(Topic("t", 1, 20)).max_message_bytes == 20
    assert not Failure(single, 0, error).batch_too_large
    assert isinstance(Failure(single, 0, error).verdict(), DestinationRejectedError)
    assert Failure(single, 0, error).verdict().index == 0


def test_other_failures_are_left_to_their_verdict():
    made = planned([1, 2])
    refused = Failure(made, 0, kafka.TopicAuthorizationFailedError())
    assert not refused.batch_too_large
    assert isinstance(refused.verdict(), DestinationRejectedError)
    passing = Failure(made, 0, kafka.UnknownError())
    assert isinstance(passing.verdict(), DestinationUnavailableError)


def test_the_guess_at_compression_stays_within_bounds():
    assert planned([]).ratio() is None
    assert planned(["a"] * 100).ratio() == 1.0


def several(flows, options):
    """Deliveries of the same target with the positions before them; flow n begins at 100 n."""
    made = []
    for number, values in enumerate(flows):
        before = Position(next=100 * number, partitions=((0, 2),) if number % 2 else ())
        flow = Flow(PositionKey(1, number, 0), KafkaTarget("t", **options))
        batches = [batch_of(before.next + n, [value]) for n, value in enumerate(values)]
        made.append((Delivery(flow, tuple(batches)), before))
    return made


def records_of(item):
    """What a plan sends: for each partition keys, values, timestamps and headers, in order."""
    found = {}
    for share in item.shares:
        sealed = bytes(share.send.batch.seal(ProducerState()))
        read = list(MemoryRecords(sealed).next_batch())[share.start : share.start + share.count]
        found.setdefault(share.send.partition, []).extend(
            (r.key, r.value, r.timestamp, tuple(r.headers)) for r in read
        )
    return found


EVENTS = st.lists(st.builds(lambda k: {"k": k, "at": 5}, st.sampled_from("abcdef")), min_size=1)
OPTIONS = ({}, {"key": "k"}, {"timestamp": "at"}, {"headers": (("h", "k"),)})


@given(st.lists(EVENTS, min_size=1, max_size=6), st.sampled_from(OPTIONS), st.integers(100, 2000))
def test_flows_that_share_record_batches_send_what_each_would_alone(flows, options, limit):
    topic, cut = Topic("t", 3, limit), Cut("none", limit)
    placed = several(flows, options)
    together = plan_jointly(placed, topic, cut)
    alone = [plan(delivery, topic, before, cut, lambda _: None) for delivery, before in placed]
    assert [records_of(item) for item in together] == [records_of(item) for item in alone]
    assert [item.position for item in together] == [item.position for item in alone]
    sizes = [send.batch.size for send in sends_of(together) if send.batch.count > 1]
    assert all(size <= limit for size in sizes)


def test_a_share_lies_behind_those_before_it():
    placed = several([["a", "b"], ["c"], ["d", "e"]], {})
    plans = plan_jointly(placed, Topic("t", 1, 9000), Cut("none", 9000))
    (send,) = sends_of(plans)
    assert by_plan(plans, [send], [40]) == [[40], [42], [43]]
    assert by_plan(plans, [send], [-1]) == [[-1], [-1], [-1]], "the broker does not say where"
    assert entry_of(plans[2], [43]).places == ((0, 43, 2),)
    assert [share.whole for item in plans for share in item.shares] == [False] * 3


def test_who_shares_with_a_failed_one_is_found():
    plans = plan_jointly(several([["a"], ["b"]], {}), Topic("t", 1, 9000), Cut("none", 9000))
    alone = planned([1], generator=9)
    error = kafka.NotEnoughReplicasError()
    assert sharing([*plans, alone], [Failure(plans[0], 0, error)]) == [plans[1]]
    assert sharing([*plans, alone], [Failure(item, 0, error) for item in plans[:2]]) == []
    assert sharing([*plans, alone], [Failure(alone, 0, error)]) == []


def test_nobody_is_judged_by_what_others_sent():
    plans = plan_jointly(several([["a"], ["b"]], {}), Topic("t", 1, 9000), Cut("none", 9000))
    alone = planned([1])
    about_records, about_topic = kafka.InvalidTimestampError(), kafka.NotEnoughReplicasError()
    shared = Failure(plans[0], 0, about_records)
    assert not shared.sure
    assert shared.verdict().transient
    assert not Failure(alone, 0, about_records, sent=False).sure, "one before it was refused"
    assert Failure(alone, 0, about_records).sure
    assert not Failure(alone, 0, about_records).verdict().transient
    assert all(Failure(item, 0, about_topic).sure for item in (*plans, alone))
    too_large = kafka.MessageSizeTooLargeError()
    assert Failure(plans[0], 0, too_large).batch_too_large
    assert not Failure(plans[0], 0, too_large, sent=False).batch_too_large
