"""Two of three brokers are killed: a topic with `min.insync.replicas=2` accepts no records.

Its generator waits and the other generator of the shard continues. When the brokers are back, no
event is lost or duplicated. tests/integration/kafka/test_isolation.py shows one lost replica to a
shard without a service.
"""

import uuid

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from tests.acceptance.request_bodies import request, topic
from tests.acceptance.service_process import topic_events
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

TEMPLATE = "{ n: std.native('get_index')() }"
REPLICATED = dict.fromkeys(
    (
        "default.replication.factor",
        "offsets.topic.replication.factor",
        "transaction.state.log.replication.factor",
    ),
    "3",
)
"""Topics of Kafka and Eventer survive on the first broker: one replica in sync is enough there."""
REASON = "not enough replicas in sync"


@pytest.fixture
def brokers(own_kafka):
    """Three brokers. The first is the controller; tests kill and start the others."""
    first = own_kafka(REPLICATED)
    others = [REPLICATED | first.second_broker_properties(node) for node in (2, 3)]
    return [first, *(own_kafka(properties) for properties in others)]


@pytest.fixture
def pair(brokers, make_service):
    """A service with one shard: a generator on the first broker, and one on all three."""
    bootstrap = brokers[0].bootstrap
    service = make_service(kafka=bootstrap)
    service.env["EVENTER_SHARDS"] = "1"
    service.start()
    safe, replicated = (f"{name}.{uuid.uuid4().hex}" for name in ("safe", "replicated"))
    create_topic(bootstrap, safe, [1])
    create_topic(bootstrap, replicated, [1, 2, 3], **{"min.insync.replicas": "2"})
    return Pair(service, bootstrap, [add(service, name) for name in (safe, replicated)])


class Pair:
    """The generators of both topics."""

    def __init__(self, service, bootstrap, generators):
        self.service, self.bootstrap = service, bootstrap
        self.safe, self.replicated = generators

    def status(self, generator):
        return self.service.generator(generator["id"])

    def wait_for_more(self, *generators):
        """Waits until each of the generators has committed more events."""
        marks = {each["id"]: self.status(each)["position"] + 20 for each in generators}
        wait_until(
            lambda: all(self.status(each)["position"] >= marks[each["id"]] for each in generators),
            lambda: str([self.status(each) for each in generators]),
        )

    def command(self, name, generator):
        code, body = self.service.post(f"/generator/{name}?id={generator['id']}")
        assert code == 200, body

    def check_topics(self):
        """Every committed event is in its topic, once and in order."""
        for generator in (self.safe, self.replicated):
            self.command("pause", generator)
            events = topic_events(self.bootstrap, generator["destination"]["kafka"]["topic"])
            assert [event["n"] for event in events] == list(
                range(self.status(generator)["position"])
            )


def create_topic(bootstrap, name, replicas, **config):
    new = NewTopic(name, 1, replica_assignment=[replicas], config=config)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([new])[name].result()
    wait_until(lambda: in_sync(bootstrap, name) == len(replicas))


def in_sync(bootstrap, name):
    """How many replicas are in sync. A new client each time: it knows no broker that is gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    partitions = admin.list_topics(name, timeout=DEADLINE_S).topics[name].partitions
    return sum(len(partition.isrs) for partition in partitions.values())


def add(service, name):
    body = request(topic(name), template=TEMPLATE, count=5, interval="100ms")
    code, body = service.post("/generator/add", body)
    assert code == 200, body
    return body["generators"][0]


def kill_two(brokers, bootstrap, name):
    for broker in brokers[1:]:
        broker.kill()
    wait_until(lambda: in_sync(bootstrap, name) == 1)


def test_only_the_generator_of_a_topic_with_too_few_replicas_waits(brokers, pair):
    """The brokers are killed while no transaction has records of the topic."""
    pair.wait_for_more(pair.safe, pair.replicated)
    pair.command("pause", pair.replicated)
    kill_two(brokers, pair.bootstrap, pair.replicated["destination"]["kafka"]["topic"])
    pair.command("resume", pair.replicated)
    waiting = wait_until(lambda: waits(pair), lambda: str(pair.status(pair.replicated)))
    pair.wait_for_more(pair.safe)
    assert pair.status(pair.replicated)["position"] == waiting["position"]
    for broker in brokers[1:]:
        broker.start()
    pair.wait_for_more(pair.safe, pair.replicated)
    pair.check_topics()


def waits(pair):
    status = pair.status(pair.replicated)
    error = status["last_error"]
    return status if status["state"] == "waiting" and error and REASON in error["message"] else None


def test_brokers_that_die_during_a_transaction_lose_and_repeat_nothing(brokers, pair):
    """Kafka cannot end the transaction before they are back, so the whole shard may wait."""
    pair.wait_for_more(pair.safe, pair.replicated)
    kill_two(brokers, pair.bootstrap, pair.replicated["destination"]["kafka"]["topic"])
    wait_until(
        lambda: pair.status(pair.replicated)["state"] == "waiting",
        lambda: str(pair.status(pair.replicated)),
    )
    for broker in brokers[1:]:
        broker.start()
    pair.wait_for_more(pair.safe, pair.replicated)
    pair.check_topics()
