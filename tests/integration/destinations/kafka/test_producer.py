"""What a producer sends, and the parts of aiokafka that it stands on."""

import inspect

import numpy as np
from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.memory_records import MemoryRecords

from eventer.destinations.kafka.client import KafkaClient, ProduceUpToV8
from eventer.destinations.kafka.partition_queue import OutgoingBatch, SequencedBatch
from eventer.destinations.kafka.producer import Producer
from eventer.destinations.kafka.producer_session import Produce
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.transaction import CoordinatorFound, ProducerIdentity
from eventer.kernels.kafka.record_batches import RecordColumns, bytes_column, frame


class Recorder:
    """A client that keeps what is sent."""

    def __init__(self):
        self.sent = []

    async def send(self, _node, request):
        struct = request.build(ProduceRequest._CLASSES[-1])
        self.sent.append(struct)
        topics = [(topic, [(n, 0, 40, -1, 0) for n, _ in each]) for topic, each in struct.topics]
        return type("Answer", (), {"topics": topics})


def sequenced(sequence):
    values = bytes_column([b"%d" % n for n in range(3)])
    batch = frame(RecordColumns(values, np.arange(3)), np.arange(3), "none")
    return SequencedBatch(OutgoingBatch("t", 0, batch), 0, sequence)


async def sent_by(producer, batch):
    closing, producer.client = producer.client, Recorder()
    produced = await producer._produce(Produce(1, (batch,)))
    assert produced.outcomes == {batch.send.topic_partition: 40}
    await closing.close()
    (request,) = producer.client.sent
    ((_, ((_, sealed),)),) = request.topics
    return request, MemoryRecords(bytes(sealed)).next_batch()


async def test_a_batch_carries_the_producer_that_sends_it():
    producer = Producer(KafkaSettings("127.0.0.1:1"), transactional_id="id")
    for event in (CoordinatorFound(1), ProducerIdentity(77, 5)):
        producer._session.handle(event)
    request, read = await sent_by(producer, sequenced(12))
    assert (request.transactional_id, request.required_acks) == ("id", -1)
    assert read.validate_crc()
    assert (read.producer_id, read.producer_epoch, read.base_sequence) == (77, 5, 12)
    assert read.is_transactional
    assert [record.value for record in read] == [b"0", b"1", b"2"]


async def test_without_an_identity_it_is_sealed_all_the_same():
    producer = Producer(KafkaSettings("127.0.0.1:1"), transactional_id=None, idempotent=False)
    request, read = await sent_by(producer, sequenced(12))
    assert request.transactional_id is None
    assert (read.producer_id, read.base_sequence, read.is_transactional) == (-1, -1, False)


async def test_a_producer_that_never_started_is_closed_quietly():
    for name in ("x", None):
        await Producer(KafkaSettings("127.0.0.1:1"), transactional_id=name).close()


def test_the_client_is_still_used_in_the_same_way():
    for method, parameters in {
        "send": ["self", "node_id", "request", "group"],
        "ready": ["self", "node_id", "group"],
        "add_topic": ["self", "topic"],
        "force_metadata_update": ["self"],
        "coordinator_lookup": ["self", "coordinator_type", "coordinator_key"],
        "_metadata_update": ["self", "cluster_metadata", "topics"],
    }.items():
        found = inspect.signature(getattr(AIOKafkaClient, method)).parameters
        assert list(found) == parameters


async def test_asking_for_metadata_creates_no_topic():
    client, requests = KafkaClient(), []

    async def send(node, request):
        requests.append(request.prepare({3: (0, 5)}))
        raise kafka.NodeNotReadyError

    client.send = send
    assert not await client._metadata_update(client.cluster, {"t"})
    assert not await client._metadata_update(client.cluster, set())
    assert [(each.topics, each.allow_auto_topic_creation) for each in requests] == [
        (["t"], False),
        (None, False),
    ]
    await client.close()


def test_records_are_sent_in_the_newest_version_that_both_know():
    request = ProduceUpToV8("id", -1, 1000, [])
    versions = [request.prepare({0: (3, newest)}).API_VERSION for newest in (5, 7, 8, 13)]
    assert versions == [5, 7, 8, 8]
