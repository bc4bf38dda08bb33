"""One commit as plain data."""

from aiokafka import errors as kafka

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.batches import Cut
from eventer.destinations.kafka.delivery import Failure, by_plan, failures, plan
from eventer.destinations.kafka.topic import Topic
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
    assert [source.first for source in made.sources] == [100, 102]


def test_an_event_too_large_is_named_before_it_is_sent():
    made = planned(["a", "b" * 500, "c"], limit=400)
    error = made.too_large()
    assert error.index == 1
    assert "502 bytes" in error.message
    assert planned(["a", "b" * 100, "c"], limit=400).too_large() is None


def test_failures_are_found_per_flow_at_their_first_send():
    one, two = planned([1]), planned(["x" * 300] * 4, limit=400, generator=2)
    assert len(two.sends) == 4
    error = kafka.NotEnoughReplicasError()
    outcomes = by_plan([one, two], [7, 8, error, 9, error])
    assert outcomes == [[7], [8, error, 9, error]]
    assert failures([one, two], outcomes) == [Failure(two, 1, error)]
    assert failures([one, two], by_plan([one, two], [0] * 5)) == []
    none = planned([])
    assert failures([none, one], by_plan([none, one], [error])) == [Failure(one, 0, error)]


def test_a_batch_of_many_is_cut_smaller_and_one_event_is_refused():
    many, single = planned([1, 2, 3]), planned(["x"])
    error = kafka.MessageSizeTooLargeError()
    assert Failure(many, 0, error).batch_too_large
    size = many.sends[0].batch.size
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
