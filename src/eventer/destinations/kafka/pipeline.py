"""Several record batches of one partition on their way at once, while all goes well.

The client sends one and waits for its acknowledgement before it sends the next one, in which time
the broker has nothing to do. Here the next ones are with the broker already. It takes batches of a
producer in the order of their sequence numbers only, so nothing lands behind a gap: where one is
not acknowledged, those behind it are refused, and all of them are the client's to send once more,
under the same sequence numbers, by which the broker knows those that it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.protocol.produce import ProduceRequest

from eventer.kernels.kafka.record_batches import ProducerState, RecordBatch

MAX_IN_FLIGHT: Final = 5
"""For all partitions together: by so many a broker knows again what it has of a partition."""
_SEQUENCE_MODULUS: Final = 1 << 31


def wrap_sequence(sequence: int) -> int:
    """The sequence number that the broker expects: after 2^31 - 1 comes 0.

    aiokafka goes on below zero, which the broker refuses; some half an hour of a full stream away.
    """
    return sequence % _SEQUENCE_MODULUS


class Pipeline:
    """Sends through the connections of an idempotent producer of aiokafka."""

    def __init__(self, producer: Any) -> None:
        self._client = producer.client
        self._manager = producer._txn_manager  # noqa: SLF001 - see `producer.py`
        self._timeout_ms = producer._request_timeout_ms  # noqa: SLF001
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)

    async def send(
        self,
        tp: TopicPartition,
        batches: Sequence[RecordBatch],
        on_acknowledged: Callable[[int, int], None],
    ) -> int:
        """Sends in order; returns the number of leading batches that were acknowledged.

        `on_acknowledged` gets number and offset of each acknowledged batch. The caller sends the
        rest again; the next sequence number is that of the first of them.
        """
        await self._client._wait_on_metadata(tp.topic)  # noqa: SLF001
        node = self._client.cluster.leader_for_partition(tp)
        if node is None or node < 0:
            return 0
        bases: list[int] = []
        tasks: list[asyncio.Task[bool]] = []
        try:
            for number, batch in enumerate(batches):
                await self._slots.acquire()
                if any(task.done() and not task.result() for task in tasks):
                    self._slots.release()
                    break
                bases.append(self._reserve_sequence(tp, batch.count))
                request = self._request(tp, batch, bases[-1])
                tasks.append(
                    asyncio.create_task(self._send(node, request, number, on_acknowledged))
                )
            acknowledged = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return self._rewind_sequence(tp, bases, acknowledged)

    async def _send(
        self,
        node: int,
        request: ProduceRequest,
        number: int,
        on_acknowledged: Callable[[int, int], None],
    ) -> bool:
        """Whether the batch is acknowledged."""
        try:
            answer = await self._client.send(node, request)
        except KafkaError:
            return False
        finally:
            self._slots.release()
        ((_, ((_, code, offset, *_),)),) = answer.topics
        if code == 0:
            on_acknowledged(number, offset)
        return bool(code == 0)

    def _request(self, tp: TopicPartition, batch: RecordBatch, base: int) -> ProduceRequest:
        manager = self._manager
        transactional_id = manager.transactional_id
        state = ProducerState(
            manager.producer_id, manager.producer_epoch, base, transactional_id is not None
        )
        return ProduceRequest(
            transactional_id=transactional_id,
            required_acks=-1,
            timeout=self._timeout_ms,
            topics=[(tp.topic, [(tp.partition, batch.seal(state))])],
        )

    def _reserve_sequence(self, tp: TopicPartition, count: int) -> int:
        base = wrap_sequence(self._manager.sequence_number(tp))
        self._manager._sequence_numbers[tp] = wrap_sequence(base + count)  # noqa: SLF001
        return base

    def _rewind_sequence(
        self, tp: TopicPartition, bases: Sequence[int], acknowledged: Sequence[bool]
    ) -> int:
        done = acknowledged.index(False) if False in acknowledged else len(acknowledged)
        if done < len(bases):
            self._manager._sequence_numbers[tp] = bases[done]  # noqa: SLF001
        return done
