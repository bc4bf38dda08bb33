"""One commit as plain data."""

import pytest
from aiokafka import errors as kafka
from aiokafka.record.memory_records import MemoryRecords
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.errors import RejectedRecordsError
from eventer.destinations.kafka.ledger import build_entry
from eventer.destinations.kafka.partition_queue import NotSentError
from eventer.destinations.kafka.record_encoding import SplitOptions
from eventer.destinations.kafka.rejected_events import refused_events, rejected_events
from eventer.destinations.kafka.send_failure import (
    SendFailure,
    plans_sharing_batches,
    raise_if_unusable,
    sent_plans,
)
from eventer.destinations.kafka.send_plan import plan, plan_merged, unique_batches
from eventer.destinations.kafka.send_planner import SendPlanner
from eventer.destinations.kafka.topic_admin import Topic
from eventer.kernels.kafka.record_batches import ProducerState
from eventer.testing.batches import START_NS, batch_of
from tests.families import family

START = Position()


def planned(values, *, limit=1_000_000, before=START, generator=1, batches=1, partitions=1):
    flow = Flow(PositionKey(1, generator, 0), KafkaTarget("t"))
    size = len(values) // batches
    made = tuple(
        batch_of(before.next + n * size, values[n * size : (n + 1) * size]) for n in range(batches)
    )
    topic = Topic("t", partitions, limit)
    return plan(Delivery(flow, made), topic, before, SplitOptions("none", limit), lambda _: None)


def test_the_position_counts_on_from_the_one_before():
    before = Position(next=100, skipped=3, bytes=50, partitions=((0, 1),))
    made = planned([1, 22, 333, 4444], before=before, batches=2, partitions=2)
    assert made.position == Position(104, 3, 60, ((0, 1), (100, 2)))
    assert [batch_slice.source.first for batch_slice in made.slices] == [100, 102]


def test_an_event_too_large_is_named_before_it_is_sent():
    made = planned(["a", "b" * 500, "c"], limit=400)
    (error,) = made.rejected_events()
    assert error.index == 1
    assert "502 bytes" in error.message
    assert planned(["a", "b" * 100, "c"], limit=400).rejected_events() == []
    many = planned(["b" * 500, "a", "c" * 500, "b" * 500], limit=400, partitions=2)
    assert [error.index for error in many.rejected_events()] == [0, 2, 3]


def test_failures_are_found_per_flow_at_their_first_slice():
    one, two = planned([1]), planned(["x" * 300] * 4, limit=400, generator=2)
    sends = unique_batches([one, two])
    assert len(sends) == 5
    error = kafka.NotEnoughReplicasError()
    behind = NotSentError(error)
    sent = sent_to([one, two], [7, 8, error, behind, behind])
    assert [each.outcomes for each in sent] == [(7,), (8, error, behind, behind)]
    assert [each.failure() for each in sent] == [None, SendFailure(two, 1, error)]
    assert [each.failure() for each in sent_to([one, two], [0] * 5)] == [None, None]
    none = planned([])
    nothing, failed = sent_to([none, one], [behind])
    assert nothing.failure() is None
    assert failed.failure() == SendFailure(one, 0, error, sent=False)


def test_a_failure_that_ends_the_producer_comes_first():
    two = planned(["x" * 300] * 2, limit=400)
    assert len(unique_batches([two])) == 2
    refused, ending = kafka.TopicAuthorizationFailedError("t"), kafka.KafkaConnectionError("lost")
    (sent,) = sent_to([two], [refused, ending])
    assert sent.failure() == SendFailure(two, 1, ending)
    with pytest.raises(kafka.KafkaConnectionError):
        raise_if_unusable([sent.failure()], among=1)


def sent_to(plans, outcomes):
    return sent_plans(plans, dict(zip(unique_batches(plans), outcomes, strict=True)))


def test_a_batch_of_many_is_cut_smaller_and_one_event_is_refused():
    many, single = planned([1, 2, 3]), planned(["x"])
    error = kafka.MessageSizeTooLargeError()
    assert SendFailure(many, 0, error).batch_too_large
    size = many.slices[0].send.batch.size
    assert (
        SendFailure(many, 0, error).with_smaller_limit(Topic("t", 1, 10_000)).max_message_bytes
        == size // 2
    )
    assert SendFailure(many, 0, error).with_smaller_limit(Topic("t", 1, 20)).max_message_bytes == 20
    assert not SendFailure(single, 0, error).batch_too_large
    assert isinstance(SendFailure(single, 0, error).as_error(), DestinationRejectedError)
    assert SendFailure(single, 0, error).as_error().index == 0


def test_other_failures_become_errors_by_category():
    made = planned([1, 2])
    refused = SendFailure(made, 0, kafka.TopicAuthorizationFailedError())
    assert not refused.batch_too_large
    assert isinstance(refused.as_error(), DestinationRejectedError)
    passing = SendFailure(made, 0, kafka.UnknownError())
    assert isinstance(passing.as_error(), DestinationUnavailableError)


def test_the_guess_at_compression_stays_within_bounds():
    assert planned([]).compression_ratio() is None
    assert planned(["a"] * 100).compression_ratio() == 1.0


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
    for batch_slice in item.slices:
        sealed = bytes(batch_slice.send.batch.seal(ProducerState()))
        read = list(MemoryRecords(sealed).next_batch())[
            batch_slice.start : batch_slice.start + batch_slice.count
        ]
        found.setdefault(batch_slice.send.partition, []).extend(
            (r.key, r.value, r.timestamp, tuple(r.headers)) for r in read
        )
    return found


EVENTS = st.lists(st.builds(lambda k: {"k": k, "at": 5}, st.sampled_from("abcdef")), min_size=1)
OPTIONS = ({}, {"key": "k"}, {"timestamp": "at"}, {"headers": (("h", "k"),)})


@given(st.lists(EVENTS, min_size=1, max_size=6), st.sampled_from(OPTIONS), st.integers(100, 2000))
def test_merged_flows_send_what_each_would_send_alone(flows, options, limit):
    topic, split_options = Topic("t", 3, limit), SplitOptions("none", limit)
    placed = several(flows, options)
    together = plan_merged(placed, topic, split_options)
    alone = [
        plan(delivery, topic, before, split_options, lambda _: None) for delivery, before in placed
    ]
    assert [records_of(item) for item in together] == [records_of(item) for item in alone]
    assert [item.position for item in together] == [item.position for item in alone]
    sizes = [send.batch.size for send in unique_batches(together) if send.batch.count > 1]
    assert all(size <= limit for size in sizes)


def test_slices_of_a_batch_follow_one_another():
    placed = several([["a", "b"], ["c"], ["d", "e"]], {})
    plans = plan_merged(placed, Topic("t", 1, 9000), SplitOptions("none", 9000))
    (send,) = unique_batches(plans)
    assert send.batch.count == 5
    assert [each.outcomes for each in sent_to(plans, [40])] == [(40,), (42,), (43,)]
    assert [each.outcomes for each in sent_to(plans, [-1])] == [(-1,), (-1,), (-1,)], (
        "the broker does not say where"
    )
    assert build_entry(plans[2], [43]).places == ((0, 43, 2),)
    assert [batch_slice.is_unshared for item in plans for batch_slice in item.slices] == [False] * 3


def test_plans_that_share_batches_with_a_failed_plan_are_found():
    plans = plan_merged(
        several([["a"], ["b"]], {}), Topic("t", 1, 9000), SplitOptions("none", 9000)
    )
    alone = planned([1], generator=9)
    error = kafka.NotEnoughReplicasError()
    assert plans_sharing_batches([*plans, alone], [SendFailure(plans[0], 0, error)]) == [plans[1]]
    assert (
        plans_sharing_batches([*plans, alone], [SendFailure(item, 0, error) for item in plans[:2]])
        == []
    )
    assert plans_sharing_batches([*plans, alone], [SendFailure(alone, 0, error)]) == []


def test_a_flow_is_not_rejected_for_records_of_other_flows():
    plans = plan_merged(
        several([["a"], ["b"]], {}), Topic("t", 1, 9000), SplitOptions("none", 9000)
    )
    alone = planned([1])
    about_records, about_topic = RejectedRecordsError(32), kafka.NotEnoughReplicasError()
    shared = SendFailure(plans[0], 0, about_records)
    assert not shared.blames_this_flow
    assert shared.as_error().transient
    assert not SendFailure(alone, 0, about_records, sent=False).blames_this_flow, (
        "one before it was refused"
    )
    assert SendFailure(alone, 0, about_records).blames_this_flow
    assert not SendFailure(alone, 0, about_records).as_error().transient
    assert all(SendFailure(item, 0, about_topic).blames_this_flow for item in (*plans, alone))
    too_large = kafka.MessageSizeTooLargeError()
    assert SendFailure(plans[0], 0, too_large).batch_too_large
    assert not SendFailure(plans[0], 0, too_large, sent=False).batch_too_large


def refusals_of(plans, *outcomes):
    return [each.failure() for each in sent_to(plans, list(outcomes))]


def test_refused_records_are_those_of_their_flows():
    plans = plan_merged(
        several([["a", "b"], ["c"], ["d", "e"]], {}),
        Topic("t", 1, 9000),
        SplitOptions("none", 9000),
    )
    error = RejectedRecordsError(87, (1, 3), "bad")
    first, second, third = refusals_of(plans, error)
    assert [each.blames_this_flow for each in (first, second, third)] == [True, False, True]
    assert [error.index for error in refused_events(first, 0)] == [1]
    assert refused_events(second, 0) == []
    (last,) = refused_events(third, 0)
    assert last.index == 200
    assert last.message == "event 200: topic 't' does not accept it: INVALID_RECORD (error 87) bad"


def test_all_refused_batches_of_a_flow_are_taken_in():
    made = planned([{"n": n} for n in range(300)], partitions=3)
    (failure,) = refusals_of(
        [made], RejectedRecordsError(87, (5,)), 7, RejectedRecordsError(87, (0, 99))
    )
    assert [error.index for error in refused_events(failure, 0)] == [5, 200, 299]


def test_refused_records_without_names_are_narrowed_down():
    many, single = planned([1] * 100), planned(["x"])
    (failure,) = refusals_of([many], RejectedRecordsError(32))
    assert refused_events(failure, 0) == []
    assert failure.divided_bytes == many.slices[0].send.batch.size // 8
    (failure,) = refusals_of([single], RejectedRecordsError(32))
    assert failure.divided_bytes is None
    assert [error.index for error in refused_events(failure, 0)] == [0]


NOW = START_NS // 1_000_000


@family(
    ("given_ms", "hint"),
    [
        (NOW // 1000, "looks like seconds"),
        (NOW * 1000, "looks like microseconds"),
        (NOW * 1_000_000, "looks like nanoseconds"),
        (NOW + 7_200_000, "message.timestamp.after.max.ms"),
        (5, "message.timestamp.before.max.ms"),
    ],
)
def test_a_refused_timestamp_gets_a_hint(given_ms, hint):
    flow = Flow(PositionKey(1, 1, 0), KafkaTarget("t", timestamp="at"))
    batch = batch_of(0, [{"at": given_ms}, {"at": NOW}])
    made = plan(
        Delivery(flow, (batch,)), Topic("t", 1), START, SplitOptions("none", 9000), lambda _: None
    )
    (failure,) = refusals_of([made], RejectedRecordsError(32, (0,)))
    (error,) = refused_events(failure, NOW)
    assert error.index == 0
    assert f"timestamp {given_ms} ms" in error.message
    assert hint in error.hint


def planned_together(values_by_flow, options):
    topics = {"t": Topic("t", 1, 400)}
    planner = SendPlanner("none", topics)
    deliveries = [
        Delivery(
            Flow(PositionKey(1, number, 0), KafkaTarget("t", **options)), (batch_of(0, values),)
        )
        for number, values in enumerate(values_by_flow)
    ]
    found = planner._plan_group(deliveries, {})
    planner.encoder.close()
    return [found[delivery.flow.key] for delivery in deliveries]


@pytest.mark.parametrize("bad", [{"at": "soon"}, {"at": 1, "text": "x" * 900}])
def test_flows_without_rejected_events_still_share_batches(bad):
    first, rejecting, last = planned_together(
        [[{"at": 1}], [{"at": 2}, bad], [{"at": 3}]], {"timestamp": "at"}
    )
    assert first.slices[0].send is last.slices[0].send
    assert [error.index for error in rejected_events(rejecting)] == [1]
