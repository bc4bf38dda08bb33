"""What a cluster says of its topics, and which broker is asked."""

from types import SimpleNamespace

import pytest
from aiokafka import errors as kafka

from eventer.core.errors import DestinationUnavailableError
from eventer.destinations.kafka.topic_admin import TopicAdmin

NOT_ENOUGH = kafka.NotEnoughReplicasError


class Cluster:
    """A client of a cluster with two brokers; `partitions` have (replicas, replicas in sync)."""

    def __init__(self, partitions=(), minimum=None, error=0, away=()):
        self.partitions, self.minimum, self.error, self.away = partitions, minimum, error, away
        self.configs_read = 0
        brokers = [SimpleNamespace(nodeId=1), SimpleNamespace(nodeId=2)]
        self.cluster = SimpleNamespace(brokers=lambda: brokers, controller=None)

    async def send(self, node, request, *, group):
        if node in self.away:
            raise self.away[node]
        if type(request).__name__ == "MetadataRequest":
            found = [
                (self.error, number, 1, list(range(replicas)), list(range(in_sync)), [])
                for number, (replicas, in_sync) in enumerate(self.partitions)
            ]
            return SimpleNamespace(topics=[(0, "t", False, found)])
        self.configs_read += 1
        shown = [] if self.minimum is None else [("min.insync.replicas", str(self.minimum))]
        return SimpleNamespace(resources=[(0, None, 2, "t", shown)])


@pytest.mark.parametrize(
    ("partitions", "minimum", "short"),
    [
        ([(3, 3), (3, 2)], 2, False),
        ([(3, 3), (3, 1)], 2, True),
        ([(3, 1)], 1, False),
        ([(3, 1)], None, False),
        ([(1, 1)], 2, False),  # all of its replicas are enough
        ([(2, 1)], 3, True),
    ],
)
async def test_a_topic_needs_enough_replicas_in_sync(partitions, minimum, short):
    client = Cluster(partitions, minimum)
    found = (await TopicAdmin(client).states(["t"]))["t"]
    assert isinstance(found, NOT_ENOUGH) if short else found == len(partitions)
    assert (await TopicAdmin(client).partition_counts(["t"])) == {"t": len(partitions)}, "readable"


async def test_the_minimum_is_read_only_if_a_replica_is_away():
    client = Cluster([(3, 3), (3, 3)], 2)
    await TopicAdmin(client).states(["t"])
    assert client.configs_read == 0


async def test_a_partition_without_a_leader_counts_first():
    client = Cluster([(3, 1)], 2, error=5)
    assert isinstance((await TopicAdmin(client).states(["t"]))["t"], kafka.LeaderNotAvailableError)
    assert await TopicAdmin(client).partition_counts(["t"]) == {}


async def test_another_broker_is_asked_if_one_is_away():
    away = {1: kafka.NodeNotReadyError()}
    assert await TopicAdmin(Cluster([(1, 1)], away=away)).states(["t"]) == {"t": 1}
    away = {1: kafka.NodeNotReadyError(), 2: kafka.KafkaConnectionError("gone")}
    with pytest.raises(DestinationUnavailableError, match="Kafka does not answer"):
        await TopicAdmin(Cluster(away=away)).states(["t"])
