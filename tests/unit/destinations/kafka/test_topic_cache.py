"""When the state of a topic is read again."""

from types import SimpleNamespace

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.topic_cache import TopicCache


class Client:
    """A client of a cluster; `in_sync` says how many of three replicas of each topic are."""

    def __init__(self, **in_sync):
        self.in_sync = in_sync
        self.requested = []
        brokers = [SimpleNamespace(nodeId=1)]
        self.cluster = SimpleNamespace(brokers=lambda: brokers, controller=None)

    async def send(self, _node, request, *, group):
        if type(request).__name__ == "MetadataRequest":
            self.requested.append(set(request._topics))
            return SimpleNamespace(
                topics=[
                    (0, name, False, [(0, 0, 1, [1, 2, 3], list(range(in_sync)), [])])
                    for name, in_sync in self.in_sync.items()
                ]
            )
        return SimpleNamespace(resources=[(0, None, 2, "", [("min.insync.replicas", "2")])])

    async def force_metadata_update(self):
        pass


def delivery(number, topic):
    return Delivery(Flow(PositionKey(number, 0, 0), KafkaTarget(topic)), ())


async def test_a_topic_with_rare_events_is_read_although_others_were_read_just_now():
    """It may have lost replicas meanwhile; its transaction would stop the whole shard."""
    clock = SimpleNamespace(ns=0, monotonic_ns=lambda: clock.ns)
    busy, rare = delivery(1, "busy"), delivery(2, "rare")
    cache, client = TopicCache(clock), Client(busy=3, rare=3)
    assert await cache.refresh(client, [busy, rare]) == {}
    assert cache.are_fresh([busy, rare])

    clock.ns += NS_PER_SECOND
    assert not cache.are_fresh([busy])
    client.in_sync["rare"] = 1
    assert await cache.refresh(client, [busy]) == {}
    assert cache.are_fresh([busy])
    assert not cache.are_fresh([busy, rare])

    refused = await cache.refresh(client, [busy, rare])
    assert client.requested[-2:] == [{"rare"}, {"rare"}], "busy is fresh; rare is also ensured"
    assert refused.keys() == {rare.flow.key}
    assert "not enough replicas in sync" in refused[rare.flow.key].message
    assert not cache.are_fresh([rare])
