"""aiokafka's producer, handed batches that are already built, with an end to every wait.

The subclass of its `BatchBuilder` and what `discard` and `send` touch are private to aiokafka:
the version range is tight and `tests/integration/destinations/kafka/test_producer.py` guards it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.transaction_manager import TransactionState

from eventer.destinations.kafka.pipeline import Pipeline, wrap_sequence
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.transaction_partitions import add_partitions_to_txn
from eventer.kernels.kafka.record_batches import ProducerState, RecordBatch

# What goes wrong is raised to whoever asked; the client's log would say it again, several times a
# second while a broker is away.
if logging.getLogger("aiokafka").level == logging.NOTSET:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

PENDING: Final = TimeoutError("not acknowledged yet")
"""Stands for the outcome of a send that has none yet."""


class NotSentError(Exception):
    """Stands for the outcome of a batch behind one of its partition that failed: by `__cause__`."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.__cause__ = cause


_DISCARD_SECONDS: Final = 2.0
_RETRY_MS: Final = 50
_IDLE: Final = (TransactionState.UNINITIALIZED, TransactionState.READY)


class PrebuiltBatch(BatchBuilder):  # type: ignore[misc]  # aiokafka ships no types
    """A record batch as aiokafka's sender wants it: full, and sealed when its turn comes."""

    def __init__(self, batch: RecordBatch, *, transactional: bool) -> None:
        # The parent's constructor would make a builder of records, which we have already.
        self._batch = batch
        self._state = ProducerState(transactional=transactional)
        self._buffer: bytes | None = None
        self._closed = True

    def append(self, **_: object) -> None:
        """None: the batch is full."""

    def close(self) -> None:
        """It always is."""

    def closed(self) -> bool:
        """It always is."""
        return True

    def size(self) -> int:
        """Bytes as sent."""
        return self._batch.size

    def record_count(self) -> int:
        """How many sequence numbers it takes."""
        return self._batch.count

    def _set_producer_state(
        self, producer_id: int, producer_epoch: int, base_sequence: int
    ) -> None:
        transactional = self._state.transactional
        self._state = ProducerState(producer_id, producer_epoch, base_sequence, transactional)

    def _build(self) -> bytes:
        if self._buffer is None:
            self._buffer = self._batch.seal(self._state)
        return self._buffer


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """A record batch and where it goes."""

    topic: str
    partition: int
    batch: RecordBatch

    @property
    def topic_partition(self) -> TopicPartition:
        """Topic and partition."""
        return TopicPartition(self.topic, self.partition)


class Producer:
    """One producer of one shard. After a wait that ran out it is spent: discard it."""

    def __init__(
        self, settings: KafkaSettings, *, transactional_id: str | None, idempotent: bool = True
    ) -> None:
        self.transactional = transactional_id is not None
        self._producer = AIOKafkaProducer(
            **settings.client_options(),
            transactional_id=transactional_id,
            transaction_timeout_ms=int(settings.transaction_timeout * 1000),
            enable_idempotence=idempotent,
            acks="all",
            retry_backoff_ms=_RETRY_MS,
        )
        self._idempotent = idempotent
        self._pipeline = Pipeline(self._producer)

    @property
    def client(self) -> Any:
        """The client below, for questions about topics."""
        return self._producer.client

    @property
    def in_transaction(self) -> bool:
        """Whether one has begun and is neither committed nor aborted."""
        manager = self._producer._txn_manager  # noqa: SLF001 - see the module's docstring
        return self.transactional and manager.state not in _IDLE

    async def start(self) -> None:
        """Connects; a transactional one fences every earlier producer of its id."""
        await self._producer.start()

    async def begin(self) -> None:
        """Begins a transaction."""
        await self._producer.begin_transaction()

    async def commit(self) -> None:
        """Commits. Call it only when all sends have succeeded: aiokafka does not look."""
        await self._producer.commit_transaction()

    async def abort(self) -> None:
        """Aborts the transaction, at the broker wherever that knows of it; the producer goes on."""
        await self._producer.abort_transaction()

    async def add_partitions_to_txn(self, topic_partitions: Collection[TopicPartition]) -> None:
        """Takes partitions into the transaction, before anything is sent to them.

        Raises:
            TopicAuthorizationFailedError: names the rejected topics; no partition was added.
        """
        await add_partitions_to_txn(self._producer._sender, topic_partitions)  # noqa: SLF001 - see the module's docstring

    async def send(
        self, sends: Sequence[OutgoingBatch], outcomes: list[int | BaseException] | None = None
    ) -> list[int | BaseException]:
        """Sends all and waits for every acknowledgement: the first offset of each, or its error.

        A list that is given is filled meanwhile: with `PENDING`, then with each outcome.

        Batches of one partition land one after the other, and after one has failed the rest of that
        partition does not: `NotSentError`. When this returns, the broker has said of
        every batch whether it has it.

        Raises:
            TopicAuthorizationFailedError: see `add_partitions_to_txn`; nothing was sent.
        """
        if self.transactional:
            await self.add_partitions_to_txn({send.topic_partition for send in sends})
        by_place: dict[TopicPartition, list[int]] = defaultdict(list)
        for number, send in enumerate(sends):
            by_place[send.topic_partition].append(number)
        outcomes = [] if outcomes is None else outcomes
        outcomes[:] = [PENDING] * len(sends)
        await asyncio.gather(
            *(
                self._send_to(topic_partition, numbers, sends, outcomes)
                for topic_partition, numbers in by_place.items()
            )
        )
        return outcomes

    async def _send_to(
        self,
        topic_partition: TopicPartition,
        numbers: Sequence[int],
        sends: Sequence[OutgoingBatch],
        outcomes: list[int | BaseException],
    ) -> None:
        """Several of one partition at once while that goes well, else one after the other."""

        def on_acknowledged(done: int, offset: int) -> None:
            outcomes[left[done]] = offset

        left = list(numbers)
        known = self._is_known_at(topic_partition)
        while left:
            if known and len(left) > 1:
                done = await self._pipeline.send(
                    topic_partition, [sends[n].batch for n in left], on_acknowledged
                )
                left = left[done:]
                if not left:
                    return
            number = left.pop(0)
            outcomes[number] = outcome = await self._send_alone(sends[number])
            if isinstance(outcome, BaseException):
                for rest in left:
                    outcomes[rest] = NotSentError(outcome)
                return
            known = self._idempotent

    def _is_known_at(self, topic_partition: TopicPartition) -> bool:
        """Whether the broker refuses what comes to a partition before its turn.

        It does not where it knows nothing of this producer, at first or after days of silence. In a
        transaction that is noticed, and nothing of it is ever visible.
        """
        manager = self._producer._txn_manager  # noqa: SLF001 - see the module's docstring
        return self.transactional and manager.sequence_number(topic_partition) != 0

    async def _send_alone(self, send: OutgoingBatch) -> int | BaseException:
        """Sends a batch by the client, which tries it again where that may help."""
        manager, topic_partition = self._producer._txn_manager, send.topic_partition  # noqa: SLF001
        before = wrap_sequence(manager.sequence_number(topic_partition)) if manager else 0
        if manager:
            manager._sequence_numbers[topic_partition] = before  # noqa: SLF001
        built = PrebuiltBatch(send.batch, transactional=self.transactional)
        try:
            acknowledged = await self._producer.send_batch(
                built, topic_partition.topic, partition=topic_partition.partition
            )
            return int((await acknowledged).offset)
        except Exception as error:  # noqa: BLE001 - the caller judges it
            if manager:
                # The broker has not taken these sequence numbers; the next batch must.
                manager._sequence_numbers[topic_partition] = before  # noqa: SLF001
            return error

    async def close(self) -> None:
        """Ends an idle producer in order; a stuck one is discarded."""
        try:
            async with asyncio.timeout(_DISCARD_SECONDS):
                await self._producer.stop()
        except Exception:  # noqa: BLE001 - closing is quiet
            await self.discard()

    async def discard(self) -> None:
        """Lets go of everything at once, whatever it is waiting for."""
        await self._end_sender()
        self._forget_batches()
        self._forget_transaction()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_DISCARD_SECONDS):
                await self._producer.stop()
        with contextlib.suppress(Exception):
            await self.client.close()

    async def _end_sender(self) -> None:
        """Cancels the sender's task, and again while it waits for tasks of its own to end."""
        task = self._producer._sender.sender_task  # noqa: SLF001
        for _ in range(100):
            if task is None or task.done():
                return
            task.cancel()
            await asyncio.wait([task], timeout=_DISCARD_SECONDS / 100)

    def _forget_batches(self) -> None:
        """Fails what is still to be sent, so that stopping does not wait for it."""
        accumulator = self._producer._message_accumulator  # noqa: SLF001
        batches = [batch for queue in accumulator._batches.values() for batch in queue]  # noqa: SLF001
        batches += accumulator._pending_batches  # noqa: SLF001
        accumulator.fail_all(ConnectionAbortedError("the producer was discarded"))
        for batch in batches:
            for future in (batch.future, batch._drain_waiter):  # noqa: SLF001
                if future.done() and not future.cancelled():
                    future.exception()

    def _forget_transaction(self) -> None:
        """Marks an error that nobody waits for any more as seen."""
        manager = self._producer._txn_manager  # noqa: SLF001
        waiter = manager and manager.wait_for_transaction_end()
        if waiter is not None and waiter.done() and not waiter.cancelled():
            waiter.exception()
