"""Carries out the requests of a producer's session over aiokafka's connections."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.protocol.transaction import (
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
)

from eventer.destinations.kafka.client import KafkaClient, ProduceUpToV8
from eventer.destinations.kafka.error_codes import error_type
from eventer.destinations.kafka.errors import produce_error
from eventer.destinations.kafka.partition_queue import OutgoingBatch, SendOutcome
from eventer.destinations.kafka.producer_session import (
    Event,
    MetadataRefreshed,
    Produce,
    Produced,
    ProducerSession,
    RefreshMetadata,
    Request,
)
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.transaction import (
    RETRY_SECONDS,
    CoordinatorEvent,
    CoordinatorFound,
    CoordinatorRequest,
    PartitionsAnswered,
    ProducerIdentity,
    RequestFailed,
    RequestKind,
    TransactionEnded,
)

# Errors are raised to the caller; the client would log each several times a second while a broker
# is away.
if logging.getLogger("aiokafka").level == logging.NOTSET:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

_CLOSE_SECONDS: Final = 2.0
_ALL_REPLICAS: Final = -1
_NO_TIMEOUT_MS: Final = (1 << 31) - 1


class Producer:
    """One producer of one shard. After a wait that was cancelled it can only be closed."""

    def __init__(
        self, settings: KafkaSettings, *, transactional_id: str | None, idempotent: bool = True
    ) -> None:
        self.transactional = transactional_id is not None
        self.client: Any = KafkaClient(
            **settings.client_options(), retry_backoff_ms=int(RETRY_SECONDS * 1000)
        )
        self._idempotent = idempotent
        self._session = ProducerSession(transactional_id, idempotent=idempotent)
        self._transactional_id = transactional_id
        self._request_timeout_ms = int(settings.request_timeout * 1000)
        self._transaction_timeout_ms = (
            int(settings.transaction_timeout * 1000) if self.transactional else _NO_TIMEOUT_MS
        )

    @property
    def in_doubt(self) -> bool:
        """Whether the broker may have committed although it has not said so."""
        return self._session.state.in_doubt

    @property
    def waits_for_markers(self) -> bool:
        """Whether the broker has not ended the transaction of an earlier producer of its id."""
        return isinstance(self._session.state.retried, kafka.ConcurrentTransactions)

    @property
    def in_transaction(self) -> bool:
        """Whether one has begun and is neither committed nor aborted."""
        return self._session.state.in_transaction

    async def start(self) -> None:
        """Connects; a transactional one fences every earlier producer of its id."""
        await self.client.bootstrap()
        await self._finish()

    def begin(self) -> None:
        """Begins a transaction."""
        self._session.begin()

    async def commit(self) -> None:
        """Commits the transaction, all of whose batches are acknowledged."""
        self._session.end(commit=True)
        await self._finish()

    async def abort(self) -> None:
        """Aborts the transaction; the producer can be used again."""
        self._session.end(commit=False)
        await self._finish()

    async def add_partitions_to_txn(self, topic_partitions: Collection[TopicPartition]) -> None:
        """Adds partitions to the transaction, before anything is sent to them.

        Raises:
            TopicAuthorizationFailedError: names the rejected topics; no partition was added.
        """
        self._session.add_partitions(topic_partitions)
        await self._finish()
        if refused := self._session.state.refused:
            raise kafka.TopicAuthorizationFailedError(set(refused))

    async def send(self, sends: Sequence[OutgoingBatch]) -> list[SendOutcome]:
        """Sends all and waits for every acknowledgement: the first offset of each, or its error.

        Batches of one partition are appended in their order; after one has failed, the rest of that
        partition is not: `NotSentError`. Every outcome is known when this returns.

        Raises:
            TopicAuthorizationFailedError: see `add_partitions_to_txn`; nothing was sent.
        """
        if self.transactional:
            await self.add_partitions_to_txn({send.topic_partition for send in sends})
        self._session.send(sends)
        await self._finish()
        return self._session.take_outcomes(sends)

    def unacknowledged(self, sends: Collection[OutgoingBatch]) -> list[OutgoingBatch]:
        """The batches of a `send` under way that have no outcome yet."""
        return self._session.unacknowledged(sends)

    async def close(self) -> None:
        """Disconnects. The broker aborts a transaction that is open."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self.client.close()

    async def _finish(self) -> None:
        """Sends the session's requests until it needs no more.

        Raises:
            KafkaError: this producer is fenced or cannot continue.
        """
        tasks: set[asyncio.Task[Event]] = set()
        leader_of = self.client.cluster.leader_for_partition
        try:
            while True:
                requests = self._session.next_requests(leader_of)
                tasks |= {asyncio.create_task(self._carry_out(each)) for each in requests}
                if not tasks:
                    break
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    self._session.handle(task.result())
        finally:
            for task in tasks:
                task.cancel()
        if self._session.state.error is not None:
            raise self._session.state.error

    async def _carry_out(self, request: Request) -> Event:
        if isinstance(request, Produce):
            return await self._produce(request)
        if request.pause:
            await asyncio.sleep(request.pause)
        if isinstance(request, RefreshMetadata):
            for topic in request.topics:
                self.client.add_topic(topic)
            await self.client.force_metadata_update()
            return MetadataRefreshed(frozenset(self.client.cluster.unauthorized_topics))
        try:
            return await self._ask_coordinator(request)
        except kafka.KafkaError as error:
            lost = isinstance(error, kafka.RequestTimedOutError)
            final = isinstance(error, kafka.BrokerResponseError | kafka.IncompatibleBrokerVersion)
            return RequestFailed(error, answered=final and not lost)

    async def _produce(self, request: Produce) -> Produced:
        topics: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        for each in request.batches:
            sealed = each.send.batch.seal(self._session.producer_state(each))
            topics[each.send.topic].append((each.send.partition, sealed))
        message = ProduceUpToV8(
            self._transactional_id, _ALL_REPLICAS, self._request_timeout_ms, list(topics.items())
        )
        try:
            answer = await self.client.send(request.node, message)
        except kafka.KafkaError as error:
            lost = {each.send.topic_partition: error for each in request.batches}
            return Produced(request, lost, answered=False)
        outcomes = {
            TopicPartition(topic, partition): produce_error(topic, code, rest) if code else offset
            for topic, partitions in answer.topics
            for partition, code, offset, *rest in partitions
        }
        return Produced(request, outcomes)

    async def _ask_coordinator(self, request: CoordinatorRequest) -> CoordinatorEvent:
        """The coordinator's answer.

        Raises:
            KafkaError: by which it answers, or why there is no answer.
        """
        identity = self._session.state.identity
        whose = (self._transactional_id, identity.id, identity.epoch)
        match request.kind:
            case RequestKind.COORDINATOR:
                return await self._find_coordinator(refresh=request.pause > 0)
            case RequestKind.IDENTITY:
                answer = await self._send_to_coordinator(
                    InitProducerIdRequest(self._transactional_id, self._transaction_timeout_ms)
                )
                return ProducerIdentity(answer.producer_id, answer.producer_epoch)
            case RequestKind.PARTITIONS:
                topics: dict[str, list[int]] = defaultdict(list)
                for tp in request.partitions:
                    topics[tp.topic].append(tp.partition)
                answer = await self._send_to_coordinator(
                    AddPartitionsToTxnRequest(*whose, list(topics.items()))
                )
                return PartitionsAnswered(request.partitions, _partition_errors(answer))
            case RequestKind.COMMIT | RequestKind.ABORT:
                commit = request.kind is RequestKind.COMMIT
                await self._send_to_coordinator(EndTxnRequest(*whose, commit))
                return TransactionEnded()

    async def _find_coordinator(self, *, refresh: bool) -> CoordinatorFound:
        if refresh:
            await self.client.force_metadata_update()
        node = await self.client.coordinator_lookup(
            CoordinationType.TRANSACTION, self._transactional_id
        )
        if not await self.client.ready(node, group=ConnectionGroup.COORDINATION):
            raise kafka.NodeNotReadyError
        return CoordinatorFound(node)

    async def _send_to_coordinator(self, message: Any) -> Any:
        """The answer of the coordinator. Without transactions any broker gives an identity."""
        if not self.transactional:
            node, group = self.client.get_random_node(), ConnectionGroup.DEFAULT
        else:
            node, group = self._session.state.coordinator, ConnectionGroup.COORDINATION
        answer = await self.client.send(node, message, group=group)
        if code := getattr(answer, "error_code", 0):
            raise error_type(code)
        return answer


def _partition_errors(answer: Any) -> tuple[tuple[str, type[kafka.KafkaError]], ...]:
    """The topics of an answer whose partitions were not added, and why."""
    answers = [(topic, code) for topic, partitions in answer.errors for _, code in partitions]
    return tuple((topic, error_type(code)) for topic, code in answers if code)
