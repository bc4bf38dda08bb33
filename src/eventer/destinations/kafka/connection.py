"""One owner of one shard of a Kafka cluster: data and positions in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from eventer.core.batch import Batch
from eventer.core.clock import Clock, SystemClock
from eventer.core.errors import (
    DestinationError,
    DestinationRejectedError,
    DestinationUnavailableError,
    FencedError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.logs import event
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.destinations.kafka import ledger, position
from eventer.destinations.kafka.errors import (
    ErrorCategory,
    classify_error,
    connection_error,
    describe,
)
from eventer.destinations.kafka.log_reader import LogReader
from eventer.destinations.kafka.plan_sender import PlanSender
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.producer_startup import StartedProducer, start_producer
from eventer.destinations.kafka.record_encoder_cache import RecordEncoderCache
from eventer.destinations.kafka.record_fields import NS_PER_MS
from eventer.destinations.kafka.rejected_events import (
    SkippedEvents,
    refused_events,
    rejected_events,
)
from eventer.destinations.kafka.send_failure import (
    SendFailure,
    plans_sharing_batches,
    raise_if_unusable,
)
from eventer.destinations.kafka.send_plan import SendPlan, kafka_target
from eventer.destinations.kafka.send_planner import PlanOrError, SendPlanner
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.topic_admin import TopicAdmin
from eventer.destinations.kafka.topic_cache import TopicCache
from eventer.destinations.kafka.topic_name import target_topic_error
from eventer.destinations.option_fields import check_option_fields
from eventer.kernels.kafka.record_batches import (
    ProducerState,
    RecordColumns,
    bytes_column,
    frame,
    key_partitions,
)
from eventer.kernels.kafka.record_reading import read_batch_headers, read_records

_MAX_ATTEMPTS: Final = 8
"""After this many attempts without progress a flow that may have failed because of another is not
retried. Events that are skipped, and flows that are committed or rejected, are progress."""

_log = logging.getLogger(__name__)


class KafkaConnection:
    """Implements `ShardConnection`.

    A connection starts one producer and never another: it must not fence a later owner. An error
    that leaves the producer's state unknown makes the connection unusable.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        *,
        name: str,
        cluster: int,
        shard: int,
        shards: int,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._name = name
        self._cluster = cluster
        self._shard = shard
        self._shards = shards
        self._clock = clock or SystemClock()
        self._transactional_id = f"eventer-{cluster:016x}-{name}-{shard}"
        self._opened: StartedProducer | None = None
        self._positions: dict[PositionKey, Position] | None = None
        self._topics = TopicCache(self._clock)
        self._skipped = SkippedEvents()
        self._encoders = RecordEncoderCache(settings)
        self._planner = SendPlanner(settings.compression, self._topics.by_name, self._encoders.of)

    @property
    def degraded(self) -> str | None:
        """Why delivery is at least once although `auto` prefers exactly once."""
        return self._opened.degraded if self._opened else None

    async def open(self) -> Guarantee:
        """See `ShardConnection.open`."""
        self._opened = await start_producer(self._settings, self._transactional_id)
        if self._opened.degraded:
            _log.warning(
                "%s delivers at least once: %s",
                self._name,
                self._opened.degraded,
                extra=event("delivery_degraded", connection=self._name),
            )
        async with self._with_timeout("opening", self._settings.start_timeout):
            hours = self._settings.ledger_retention_hours
            for own in (position.target_for(self._shards), ledger.target_for(self._shards, hours)):
                if (await self._cluster_topics.ensure(own)).partitions < self._shards:
                    await self._cluster_topics.create_partitions(own.topic, self._shards)
        # Outside of the limit: compiling takes long on a busy machine, and the cluster is not slow.
        await asyncio.to_thread(_load_kernels)
        return self._opened.guarantee

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """See `ShardConnection.positions`."""
        known = await self._read_positions()
        return {key: known[key] for key in keys if key in known}

    async def check(self, flow: Flow) -> None:
        """See `ShardConnection.check`. Names can be checked, and the compatibility of schemas."""
        target = kafka_target(flow)
        if fault := target_topic_error(target.topic):
            raise DestinationRejectedError(fault)
        check_option_fields(flow.shape, target)
        await self._encoders.check(flow)

    async def prepare(self, flow: Flow) -> None:
        """See `ShardConnection.prepare`. Asks about a topic once a second."""
        await self._encoders.ensure(flow)
        if not self._topics.is_fresh(flow):
            await self._ensure_topic(flow)

    async def _ensure_topic(self, flow: Flow) -> None:
        """Reads the topic's state, and creates the topic if it is missing."""
        doing = f"preparing topic {kafka_target(flow).topic!r}"
        async with self._with_timeout(doing, self._settings.start_timeout):
            await self._topics.ensure(self._cluster_topics, flow)

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """See `ShardConnection.deliver`."""
        positions = await self._read_positions()
        self._skipped = SkippedEvents()
        planned: dict[PositionKey, SendPlan | DestinationError] = {}
        planned |= await self._refresh_topics(deliveries)
        planned |= await self._ensure_encoders(deliveries)
        usable = {item.flow.key: item for item in deliveries if item.flow.key not in planned}
        began = self._clock.monotonic_ns()
        plans = await self._planner.plan_all(tuple(usable.values()), positions)
        for key, item in plans.items():
            planned[key] = await self._accept_plan(usable[key], item)
        waiting = self._clock.monotonic_ns() - began
        encoding = max(waiting, self._planner.encoder.take_elapsed_ns())
        committed, rejected = await self._commit_plans(planned)
        skipped = {key: tuple(each.values()) for key, each in self._skipped.of(committed).items()}
        return DeliveryOutcome(committed, rejected, encoding, waiting, skipped)

    async def _commit_plans(
        self, planned: dict[PositionKey, SendPlan | DestinationError]
    ) -> tuple[dict[PositionKey, Position], dict[PositionKey, DestinationError]]:
        """Commits plans, some of them changed if they fail; the positions, and the errors."""
        committed: dict[PositionKey, Position] = {}
        attempts, before = 0, (0, 0)
        while sendable := [item for item in planned.values() if isinstance(item, SendPlan)]:
            progress = (self._skipped.count, len(sendable))
            attempts, before = attempts + 1 if progress == before else 0, progress
            failed = await self._attempt(sendable)
            if not failed or not self._transactional:
                committed |= self._record_positions(sendable, failed)
            planned = {key: item for key, item in planned.items() if key not in committed}
            left = [item for item in sendable if item.flow.key not in committed]
            for item in plans_sharing_batches(left, failed):
                planned[item.flow.key] = await self._plan_alone(item.delivery)
            for failure in failed:
                planned[failure.plan.flow.key] = await self._plan_after(failure, attempts)
        return committed, {
            key: item for key, item in planned.items() if not isinstance(item, SendPlan)
        }

    async def close(self) -> None:
        """See `ShardConnection.close`."""
        self._planner.encoder.close()
        await self._encoders.close()
        await self._close_producer()

    @property
    def _producer(self) -> Producer:
        if self._opened is None:
            raise DestinationUnavailableError("this connection to Kafka is closed")
        return self._opened.producer

    @property
    def _transactional(self) -> bool:
        return self._opened is not None and self._opened.producer.transactional

    @property
    def _cluster_topics(self) -> TopicAdmin:
        return TopicAdmin(self._producer.client)

    async def _read_positions(self) -> dict[PositionKey, Position]:
        """Reads them once: no other owner changes them.

        After fencing, this shard has no open transaction. Shards of other services share the
        partition and may have crashed in a transaction, which is not waited for. Without
        transactions nothing was fenced, so every open transaction is waited for.
        """
        if self._positions is None:
            log = LogReader(self._settings, self._producer.client)
            read = log.read_committed_without_waiting if self._transactional else log.read_committed
            async with self._with_timeout("reading positions", log.wait_seconds):
                self._positions = await position.read_positions(
                    read(position.TOPIC, self._shard), self._shard, self._cluster
                )
        return self._positions

    @property
    def _known_positions(self) -> dict[PositionKey, Position]:
        assert self._positions is not None
        return self._positions

    async def _refresh_topics(
        self, deliveries: Sequence[Delivery]
    ) -> dict[PositionKey, DestinationError]:
        """The flows whose topics cannot be used, and why."""
        if self._topics.are_fresh(deliveries):
            return {}
        async with self._with_timeout("reading the state of topics", self._settings.start_timeout):
            return await self._topics.refresh(self._producer.client, deliveries)

    async def _ensure_encoders(
        self, deliveries: Sequence[Delivery]
    ) -> dict[PositionKey, DestinationError]:
        """The flows whose schemas cannot be registered, and why."""
        refused: dict[PositionKey, DestinationError] = {}
        for item in deliveries:
            try:
                await self._encoders.ensure(item.flow)
            except (DestinationRejectedError, TargetUnavailableError) as error:
                refused[item.flow.key] = error
        return refused

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """See `ShardConnection.encode_ahead`."""
        if self._positions is not None:
            self._planner.begin(flow, batch, self._positions)

    async def _accept_plan(self, delivery: Delivery, item: PlanOrError) -> PlanOrError:
        """Rejects or skips events that the topic does not accept before anything is sent."""
        if isinstance(item, SendPlan):
            self._planner.update_compression_ratio(item)
        if not rejected_events(item):
            return item
        if isinstance(item, SendPlan):
            await self._ensure_topic(item.flow)
            if self._topics.by_name[item.topic.name] != item.topic:
                return await self._plan_alone(delivery)
        return await self._plan_alone(delivery, item)

    async def _plan_alone(self, delivery: Delivery, item: PlanOrError | None = None) -> PlanOrError:
        """Plans a delivery by itself, so that a fault is its own; `item` is a plan that it has."""
        return await self._planner.run(
            [delivery], lambda: self._without_rejected(delivery, item or self._plan(delivery))
        )

    def _plan(self, delivery: Delivery, max_batch_bytes: int | None = None) -> PlanOrError:
        return self._planner.plan(delivery, self._known_positions, max_batch_bytes)

    def _without_rejected(self, delivery: Delivery, item: PlanOrError) -> PlanOrError:
        """A plan without the events that are rejected; their first error if none are skipped."""
        while errors := rejected_events(item):
            rest = self._skipped.skip(delivery, errors)
            if not isinstance(rest, Delivery):
                return rest
            delivery, item = rest, self._plan(rest)
        return item

    async def _plan_after(self, failure: SendFailure, attempts: int) -> SendPlan | DestinationError:
        """The next plan of a flow that failed: smaller batches, fewer events, or alone."""
        flow, delivery = failure.plan.flow, failure.plan.delivery
        if failure.batch_too_large:
            await self._ensure_topic(flow)
            name = kafka_target(flow).topic
            self._topics.by_name[name] = failure.with_smaller_limit(self._topics.by_name[name])
            return self._plan(delivery)
        if errors := refused_events(failure, self._clock.now_ns() // NS_PER_MS):
            rest = self._skipped.skip(delivery, errors)
            return await self._plan_alone(rest) if isinstance(rest, Delivery) else rest
        if (size := failure.divided_bytes) is not None:
            return self._plan(delivery, size)
        if failure.blames_this_flow or attempts >= _MAX_ATTEMPTS:
            return failure.as_error()
        return await self._plan_alone(delivery)

    async def _attempt(self, plans: Sequence[SendPlan]) -> list[SendFailure]:
        """Commits all plans; returns those that failed.

        If some fail, a transaction commits nothing; without transactions the others are committed.
        """
        async with self._with_timeout("delivering", self._settings.delivery_timeout):
            sender = PlanSender(self._producer, self._shard, self._settings.compression)
            if self._transactional:
                self._producer.begin()
                if failed := await sender.add_partitions_to_txn(plans):
                    await self._producer.abort()
                    return failed
            sent = await sender.send_plans(plans)
            failed = [failure for each in sent if (failure := each.failure())]
            raise_if_unusable(failed, among=len(plans))
            if failed and self._transactional:
                await self._producer.abort()
                return failed
            whole = [each for each in sent if each.failure() is None]
            await sender.send_ledger_and_positions(whole, self._clock.now_ns() // 1_000_000)
        if self._transactional:
            await self._commit()
        return failed

    async def _commit(self) -> None:
        """Commits. After an error the outcome is unknown, unless the first request is fenced."""
        try:
            async with asyncio.timeout(self._settings.delivery_timeout):
                await self._producer.commit()
        except BaseException as error:
            in_doubt = self._producer.in_doubt
            await self._close_producer()
            if not isinstance(error, Exception):
                raise
            if classify_error(error) is ErrorCategory.FENCED and not in_doubt:
                raise FencedError("another owner took over this shard before a commit") from error
            raise UnknownOutcomeError(
                f"Kafka did not confirm the commit: {describe(error)}"
            ) from error

    def _record_positions(
        self, plans: Sequence[SendPlan], failed: Sequence[SendFailure]
    ) -> dict[PositionKey, Position]:
        lost = {failure.plan.flow.key for failure in failed}
        moved = {item.flow.key: item.position for item in plans if item.flow.key not in lost}
        self._known_positions.update(moved)
        return moved

    @asynccontextmanager
    async def _with_timeout(self, doing: str, seconds: float) -> AsyncIterator[None]:
        """Limits a wait that commits nothing; an error makes the connection unusable."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except (DestinationRejectedError, TargetUnavailableError):
            if self._opened is not None and self._opened.producer.in_transaction:
                await self._close_producer()
            raise
        except DestinationError:
            await self._close_producer()
            raise
        except Exception as error:
            await self._close_producer()
            raise connection_error(error, doing) from error
        except BaseException:
            await self._close_producer()
            raise

    async def _close_producer(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.producer.close()


def _load_kernels() -> None:
    """Begins to load what batches and positions need, and imports the rest."""
    columns = RecordColumns(bytes_column([b""]), np.zeros(1, np.int64), bytes_column([b""]))
    framed = frame(columns, np.zeros(1, np.int64), "none")
    key_partitions(bytes_column([b""]), 1)
    sealed = np.frombuffer(framed.seal(ProducerState()), np.uint8)
    read_records(sealed, read_batch_headers(sealed))
