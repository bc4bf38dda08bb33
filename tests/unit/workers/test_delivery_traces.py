"""The spans of a transaction: their tree, times, attributes and errors."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import (
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    Position,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.destinations.base import Delivery, DeliveryOutcome
from eventer.plan.engine import EventContext
from eventer.runs.assignment import Assignment
from eventer.runs.pacing import Pace
from eventer.runs.shard_messages import GenerationRequest
from eventer.testing.batches import batch_of
from eventer.workers import delivery_traces
from eventer.workers.delivery_traces import GenerationTimes, TracedConnection

DUE = 1_000


def assignment(number: int, topic: str = "orders") -> Assignment:
    source = EventSource(Template("{}"), Stream(1), EventContext())
    spec = GeneratorSpec(source, KafkaTarget(topic))
    return Assignment(PositionKey(1, number, 1), spec, name=f"generator-{number}")


def delivery(number: int, *firsts: int) -> Delivery:
    batches = [batch_of(first, [{"n": 1}] * 2, scheduled=[DUE, DUE + 1]) for first in firsts]
    return Delivery(assignment(number).flow, tuple(batches))


class Spans:
    """Traces deliveries of a connection that answers as it is told."""

    def __init__(self, sampler: Any = None) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.now = 0
        self.times = GenerationTimes(lambda: self.now)
        self._tracer = provider.get_tracer("test")

    def generate(self, number: int, first: int, began: int, ended: int) -> None:
        pace = Pace([Segment(0, 0, ticks(2, 1_000))])
        self.now = began
        self.times.begin(GenerationRequest(assignment(number), pace, first, 2, 0))
        self.now = ended
        self.times.end()

    async def deliver(self, answer: DeliveryOutcome | Exception, *deliveries: Delivery) -> None:
        connection: Any = TracedConnection(Answering(answer), 1, self._tracer, self.times)
        await connection.deliver(deliveries)

    def named(self, name: str) -> list[Any]:
        return [span for span in self.all if span.name == name]

    @property
    def all(self) -> Sequence[Any]:
        return self._exporter.get_finished_spans()


class Answering:
    """A connection with one answer."""

    def __init__(self, answer: DeliveryOutcome | Exception) -> None:
        self._answer = answer

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def committed(numbers: Iterable[int], **fields: Any) -> DeliveryOutcome:
    keys = [assignment(number).key for number in numbers]
    return DeliveryOutcome(dict.fromkeys(keys, Position()), **fields)


async def test_a_transaction_is_the_trace_of_its_deliveries_and_stages() -> None:
    spans = Spans()
    spans.generate(5, 0, 10, 20)
    spans.generate(5, 2, 25, 40)
    spans.generate(6, 0, 5, 6)
    outcome = committed([5, 6], encoding_ns=7, waiting_ns=3)
    await spans.deliver(outcome, delivery(5, 0, 2), delivery(6, 0))
    (root,), (encode,), (commit,) = map(spans.named, ("transaction", "encode", "commit"))
    first, second = spans.named("deliver")
    assert root.parent is None
    assert {each.parent.span_id for each in (first, second, encode, commit)} == {
        root.context.span_id
    }
    assert (root.start_time, first.start_time, second.start_time) == (5, 10, 5)
    assert [(each.start_time, each.end_time) for each in spans.named("generate")] == [
        (10, 40),
        (5, 6),
    ]
    assert dict(spans.named("generate")[0].attributes) == {
        "eventer.batches": 2,
        "eventer.generation_time": 25 / NS_PER_SECOND,
    }
    assert encode.end_time == commit.start_time == encode.start_time + 7
    assert commit.end_time == root.end_time == first.end_time == second.end_time
    assert root.attributes["eventer.events"] == 6
    assert dict(first.attributes) == {
        "eventer.generator.id": "5",
        "eventer.generator.name": "generator-5",
        "eventer.destination.kind": "kafka",
        "eventer.destination": "orders",
        "eventer.first_index": 0,
        "eventer.events": 4,
        "eventer.lateness": (root.end_time - DUE) / NS_PER_SECOND,
    }
    assert all(span.status.is_ok or span.status.is_unset for span in spans.all)


async def test_a_failed_transaction_has_the_error() -> None:
    spans = Spans()
    error = DestinationUnavailableError("the broker is away")
    with pytest.raises(DestinationUnavailableError):
        await spans.deliver(error, delivery(5, 0))
    failed = {span.name for span in spans.all if not span.status.is_ok and span.events}
    assert failed == {"transaction", "deliver", "commit"}
    (event,) = spans.named("commit")[0].events
    assert event.attributes["exception.type"] == "DestinationUnavailableError"
    assert "the broker is away" in event.attributes["exception.message"]


async def test_a_rejected_flow_fails_alone_and_skipped_events_are_counted() -> None:
    spans = Spans()
    rejected = DestinationRejectedError("too large")
    skipped = {assignment(5).key: (rejected,)}
    outcome = committed([5], rejected={assignment(6).key: rejected}, skipped=skipped)
    await spans.deliver(outcome, delivery(5, 0), delivery(6, 0))
    assert [bool(span.events) for span in spans.named("deliver")] == [False, True]
    assert not spans.named("transaction")[0].events
    assert spans.named("deliver")[0].attributes["eventer.skipped"] == 1
    assert spans.named("deliver")[0].attributes["eventer.events"] == 1


async def test_a_trace_that_is_not_sampled_has_no_spans() -> None:
    spans = Spans(ALWAYS_OFF)
    await spans.deliver(committed([5]), delivery(5, 0))
    assert not spans.all


async def test_times_of_batches_that_are_never_delivered_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery_traces, "_KEPT_BATCHES", 2)
    spans = Spans()
    for first in (0, 2, 4):
        spans.generate(5, first, 10, 20)
    await spans.deliver(committed([5]), delivery(5, 0, 2, 4))
    (generated,) = spans.named("generate")
    assert generated.attributes["eventer.batches"] == 2
