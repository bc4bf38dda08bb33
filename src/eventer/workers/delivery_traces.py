"""OpenTelemetry spans of deliveries: a trace per transaction.

A shard does not know about traces: `TracedConnection` sees its transactions, and `GenerationTimes`
when the batches in them were generated. Spans are created when a transaction has ended.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.util.types import Attributes

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow, ShardConnection
from eventer.runs.shard_messages import GenerationRequest

if TYPE_CHECKING:
    from eventer.core.batch import Batch

_KEPT_BATCHES: Final = 10_000
"""Batches whose times are kept until they are delivered; withdrawn ones never are."""


@dataclass(frozen=True, slots=True)
class _Generation:
    """When a batch was generated (ns since 1970), and for which generator."""

    began: int
    ended: int
    name: str


class GenerationTimes:
    """When the latest batches were generated. The generation thread calls it, and others ask."""

    def __init__(self, now: Callable[[], int] = time.time_ns) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._under_way: tuple[GenerationRequest, int] | None = None
        self._ended: dict[tuple[PositionKey, int], _Generation] = {}

    def begin(self, request: GenerationRequest) -> None:
        """The thread begins with a request, after the previous one."""
        self.end()
        self._under_way = (request, self._now())

    def end(self) -> None:
        """The thread has ended its last request."""
        if self._under_way is None:
            return
        (request, began), self._under_way = self._under_way, None
        assignment = request.assignment
        with self._lock:
            self._ended[assignment.key, request.first] = _Generation(
                began, self._now(), assignment.name
            )
            if len(self._ended) > _KEPT_BATCHES:
                del self._ended[next(iter(self._ended))]

    def take(self, delivery: Delivery) -> list[_Generation]:
        """The times of the batches of a delivery, as far as they are known."""
        key = delivery.flow.key
        with self._lock:
            taken = [self._ended.pop((key, batch.first), None) for batch in delivery.batches]
        return [each for each in taken if each is not None]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A transaction from `began` to `ended` (ns since 1970): its outcome, or its error."""

    deliveries: Sequence[Delivery]
    began: int
    ended: int
    outcome: DeliveryOutcome | None
    error: BaseException | None

    @property
    def commit_began(self) -> int:
        """When the transaction no longer waited for encoded events."""
        return self.began + (0 if self.outcome is None else self.outcome.waiting_ns)

    @property
    def encode_began(self) -> int:
        """As if the events had been encoded in one go, before the commit."""
        return self.commit_began - (0 if self.outcome is None else self.outcome.encoding_ns)

    def error_of(self, key: PositionKey) -> BaseException | None:
        """Why a flow was not committed, or None if it was."""
        return self.error if self.outcome is None else self.outcome.rejected.get(key)


class TracedConnection:
    """A connection of a shard whose transactions become traces. See `ShardConnection`."""

    def __init__(
        self, connection: ShardConnection, shard: int, tracer: Tracer, times: GenerationTimes
    ) -> None:
        self._connection = connection
        self._spans = _TransactionSpans(tracer, shard, times)

    async def open(self) -> Guarantee:
        """Opens the connection."""
        return await self._connection.open()

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """Reads positions."""
        return await self._connection.positions(keys)

    async def check(self, flow: Flow) -> None:
        """Checks a target."""
        await self._connection.check(flow)

    async def prepare(self, flow: Flow) -> None:
        """Prepares a target."""
        await self._connection.prepare(flow)

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Announces a batch."""
        self._connection.encode_ahead(flow, batch)

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """Delivers, and creates the trace."""
        outcome: DeliveryOutcome | None = None
        failure: BaseException | None = None
        began = time.time_ns()
        try:
            outcome = await self._connection.deliver(deliveries)
        except BaseException as error:
            failure = error
            raise
        finally:
            attempt = _Attempt(deliveries, began, time.time_ns(), outcome, failure)
            self._spans.create(attempt)
        return outcome

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.close()


class _TransactionSpans:
    """Creates the spans of transactions of one shard."""

    def __init__(self, tracer: Tracer, shard: int, times: GenerationTimes) -> None:
        self._tracer = tracer
        self._shard = shard
        self._times = times

    def create(self, attempt: _Attempt) -> None:
        """Creates all spans of a transaction, unless the sampler drops its trace."""
        generations = [self._times.take(delivery) for delivery in attempt.deliveries]
        begans = [each.began for batches in generations for each in batches]
        began = min(attempt.began, attempt.encode_began, *begans)
        root = self._start("transaction", Context(), began, self._root_attributes(attempt))
        if root.is_recording():
            parent = set_span_in_context(root)
            for delivery, batches in zip(attempt.deliveries, generations, strict=True):
                self._create_delivery(parent, attempt, delivery, batches)
            self._create_stages(parent, attempt)
        _end(root, attempt.ended, attempt.error)

    def _root_attributes(self, attempt: _Attempt) -> Attributes:
        target = attempt.deliveries[0].flow.target
        return {
            "eventer.connection": target.connection,
            "eventer.shard": self._shard,
            "eventer.destination.kind": target.kind,
            "eventer.generators": len(attempt.deliveries),
            "eventer.events": sum(_events(delivery) for delivery in attempt.deliveries),
        }

    def _create_delivery(
        self,
        parent: Context,
        attempt: _Attempt,
        delivery: Delivery,
        generations: Sequence[_Generation],
    ) -> None:
        began = min((each.began for each in generations), default=attempt.began)
        attributes = _delivery_attributes(delivery, attempt, generations)
        span = self._start("deliver", parent, began, attributes)
        if generations:
            self._create_generation(set_span_in_context(span), generations)
        _end(span, attempt.ended, attempt.error_of(delivery.flow.key))

    def _create_generation(self, parent: Context, generations: Sequence[_Generation]) -> None:
        """One span for all batches of a delivery, since each span takes time."""
        spent = sum(each.ended - each.began for each in generations)
        attributes = {
            "eventer.batches": len(generations),
            "eventer.generation_time": spent / NS_PER_SECOND,
        }
        began = min(each.began for each in generations)
        span = self._start("generate", parent, began, attributes)
        span.end(max(each.ended for each in generations))

    def _create_stages(self, parent: Context, attempt: _Attempt) -> None:
        if attempt.encode_began < attempt.commit_began:
            self._start("encode", parent, attempt.encode_began).end(attempt.commit_began)
        commit = self._start("commit", parent, attempt.commit_began, kind=SpanKind.CLIENT)
        _end(commit, attempt.ended, attempt.error)

    def _start(
        self,
        name: str,
        context: Context,
        began: int,
        attributes: Attributes = None,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> Span:
        return self._tracer.start_span(
            name, context, kind=kind, attributes=attributes, start_time=began
        )


def _delivery_attributes(
    delivery: Delivery, attempt: _Attempt, generations: Sequence[_Generation]
) -> Attributes:
    flow, batches = delivery.flow, delivery.batches
    skipped = () if attempt.outcome is None else attempt.outcome.skipped.get(flow.key, ())
    attributes: dict[str, str | int | float] = {
        "eventer.generator.id": str(flow.key.generator),
        "eventer.destination.kind": flow.target.kind,
        "eventer.destination": flow.target.location,
        "eventer.first_index": batches[0].first,
        "eventer.events": _events(delivery) - len(skipped),
    }
    if name := next((each.name for each in generations), ""):
        attributes["eventer.generator.name"] = name
    if skipped:
        attributes["eventer.skipped"] = len(skipped)
    if due := [int(batch.scheduled[0]) for batch in batches if batch.rows]:
        attributes["eventer.lateness"] = (attempt.ended - min(due)) / NS_PER_SECOND
    return attributes


def _events(delivery: Delivery) -> int:
    return sum(batch.rows for batch in delivery.batches)


def _end(span: Span, at: int, error: BaseException | None) -> None:
    """Ends a span; of an error it has the type and the text, which name no secrets."""
    if error is not None:
        kind, text = type(error).__name__, str(error)
        span.add_event("exception", {"exception.type": kind, "exception.message": text}, at)
        span.set_status(Status(StatusCode.ERROR, text or kind))
    span.end(at)
