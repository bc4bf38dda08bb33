"""Guards the private parts of aiokafka that `producer.py` stands on."""

import asyncio
import inspect

import numpy as np
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator, MessageBatch
from aiokafka.producer.sender import Sender
from aiokafka.producer.transaction_manager import TransactionManager, TransactionState
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.memory_records import MemoryRecords

from eventer.destinations.kafka.producer import PrebuiltBatch, Producer
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.kernels.kafka.record_batches import RecordColumns, bytes_column, frame

PLACE = TopicPartition("t", 0)


def built(count=3, *, transactional=True):
    values = bytes_column([b"%d" % n for n in range(count)])
    columns = RecordColumns(values, np.arange(count))
    return PrebuiltBatch(frame(columns, np.arange(count), "none"), transactional=transactional)


def test_the_builder_answers_everything_that_the_client_asks_of_one():
    """A method new to aiokafka's builder would run on attributes that ours does not have."""
    methods = {name for name, _ in inspect.getmembers(BatchBuilder, inspect.isfunction)}
    ours = {name for name in methods if name in vars(PrebuiltBatch)}
    assert methods - ours == {"_serialize"}  # called by its own append only


async def test_what_is_sent_carries_the_producer_that_sends_it():
    manager = TransactionManager("id", 1000)
    manager.set_pid_and_epoch(77, 5)
    batch = MessageBatch(PLACE, built(), ttl=1, linger_time=0)
    assert batch.record_count == 3
    assert batch.append(b"k", b"v", None) is None, "it is full"
    assert batch.remaining_linger() is None, "it does not wait for more"
    batch.set_producer_state(77, 5, 12)
    sent = bytes(batch.get_data_buffer())
    assert sent == bytes(batch.get_data_buffer()), "a retry sends the same"
    read = MemoryRecords(sent).next_batch()
    assert read.validate_crc()
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == (77, 5, 12)
    assert read.is_transactional
    assert [record.value for record in read] == [b"0", b"1", b"2"]


def test_without_an_identity_it_is_sealed_all_the_same():
    batch = built(transactional=False)
    read = MemoryRecords(bytes(batch._build())).next_batch()
    assert (read.producer_id, read.is_transactional) == (-1, False)
    assert len(batch._build()) == batch.size()


async def test_the_private_attributes_are_there():
    producer = Producer(KafkaSettings("127.0.0.1:1"), transactional_id="id")
    inner = producer._producer
    assert isinstance(inner._txn_manager, TransactionManager)
    assert isinstance(inner._message_accumulator, MessageAccumulator)
    assert isinstance(inner._sender, Sender)
    assert inner._sender.sender_task is None
    accumulator = inner._message_accumulator
    assert dict(accumulator._batches) == {}
    assert accumulator._pending_batches == set()
    manager = inner._txn_manager
    assert manager.sequence_number(PLACE) == 0
    assert manager._sequence_numbers[PLACE] == 0
    assert manager.wait_for_transaction_end() is None
    assert manager.state is TransactionState.UNINITIALIZED
    assert not producer.in_transaction
    assert manager.txn_partitions == set()
    assert inspect.iscoroutinefunction(inner._sender._find_coordinator)
    assert inner._request_timeout_ms > 0
    assert inspect.iscoroutinefunction(producer.client._wait_on_metadata)
    assert producer.client.cluster.leader_for_partition(PLACE) is None
    await producer.discard()


async def test_a_batch_keeps_the_futures_that_discarding_looks_at():
    batch = MessageBatch(PLACE, built(), ttl=1, linger_time=0)
    assert isinstance(batch.future, asyncio.Future)
    assert isinstance(batch._drain_waiter, asyncio.Future)


async def test_a_producer_that_never_started_is_discarded_quietly():
    for options in ({"transactional_id": "x"}, {"transactional_id": None}):
        producer = Producer(KafkaSettings("127.0.0.1:1"), **options)
        await producer.discard()
        assert producer._producer._closed


def test_send_batch_is_still_how_batches_are_handed_over():
    parameters = inspect.signature(AIOKafkaProducer.send_batch).parameters
    assert list(parameters) == ["self", "batch", "topic", "partition"]


def test_a_produce_request_is_still_made_of_the_same():
    parameters = inspect.signature(ProduceRequest).parameters
    assert list(parameters) == ["transactional_id", "required_acks", "timeout", "topics"]
