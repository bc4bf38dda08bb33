"""The broker that the other tests stand on: shared, and one's own to stop and kill."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

pytestmark = pytest.mark.kafka


def test_data_survive_a_kill_on_the_same_port(own_kafka):
    server = own_kafka()
    bootstrap = server.bootstrap
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("t", 1, 1)])["t"].result()
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce("t", b"kept")
    assert producer.flush(30) == 0

    server.kill()
    server.start()

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g"})
    consumer.assign([TopicPartition("t", 0, 0)])
    message = consumer.poll(30)
    assert message is not None
    assert message.value() == b"kept"
    consumer.close()


def test_the_shared_broker_answers(kafka):
    assert AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).brokers
