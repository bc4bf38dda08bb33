"""Delivery to Kafka beside its limit: `python -m benchmarks.kafka_limit [--bootstrap HOST:PORT]`.

The limit is a bare librdkafka loop that sends one constant message of the same size as fast as it
can. Ours are batches of varied events, made beforehand, through `KafkaConnection`: framing,
compression, transactions and positions are all in the time. Both are acknowledged by all replicas
and compressed with lz4. The two take turns, so that both see the same machine.
"""

import argparse
import asyncio
import random
import statistics
import time
import uuid
from dataclasses import replace

from confluent_kafka.admin import AdminClient, NewTopic

from benchmarks.kafka_peer import bare_loop, broker
from eventer.core.batch import Batch
from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import batch_of

BATCH = 10_000
IN_A_COMMIT = 10
"""Batches a transaction: about as many as 250 ms take."""


def event(rng: random.Random) -> dict[str, object]:
    """An event of the size and kind of the introduction's example."""
    return {
        "id": rng.randint(1, 1000),
        "time": f"2021-12-{rng.randint(1, 30):02}T{rng.randint(0, 23):02}:00:00Z",
        "group_id": "dummy_instance_id",
        "dataset": "dummy_dataset",
        "country": rng.choice(["ru", "us", "jp", "cn"]),
        "name": rng.choice(["Ada", "Grace", "Linus", "Margaret", "Barbara", "Edsger"]),
        "session_id": rng.randint(1, 300),
        "page_id": rng.randint(1, 15),
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{rng.randint(80, 130)}.0.{rng.randint(0, 9999)}.0 Safari/537.36",
        "event": {"type": "click", "data": {"click": {"x": rng.random() * 1e3, "y": rng.random()}}},
    }


class Ours:
    """Delivers the same pre-made batches again and again, as the events that come next."""

    def __init__(self, owner: KafkaConnection, flow: Flow, batches: list[Batch]) -> None:
        self._owner, self._flow, self._batches = owner, flow, batches
        self._next = 0
        self.commits: list[float] = []

    async def run(self, seconds: float, batches: int) -> float:
        """Events a second, in commits of so many batches."""
        first, started = self._next, time.perf_counter()
        while (begun := time.perf_counter()) - started < seconds:
            due = tuple(self._take(n) for n in range(batches))
            await self._owner.deliver([Delivery(self._flow, due)])
            self.commits.append(time.perf_counter() - begun)
        return (self._next - first) / (time.perf_counter() - started)

    def _take(self, n: int) -> Batch:
        made = self._batches[n % len(self._batches)]
        first, self._next = self._next, self._next + made.count
        shift = first - made.first
        return replace(made, first=first, index=made.index + shift)


async def transaction_cost(owner: KafkaConnection, flows: list[Flow], rounds: int) -> float:
    """Median milliseconds of a commit of one event for each of the flows."""
    took = []
    for n in range(rounds):
        due = [Delivery(flow, (batch_of(n, [{"n": n}]),)) for flow in flows]
        begun = time.perf_counter()
        await owner.deliver(due)
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


async def measure(bootstrap: str, seconds: float, rounds: int) -> None:
    rng = random.Random(1)
    batches = [batch_of(n * BATCH, [event(rng) for _ in range(BATCH)]) for n in range(IN_A_COMMIT)]
    size = batches[0].nbytes // BATCH
    topics = [f"limit.{uuid.uuid4().hex}" for _ in range(2)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topics[0], 1, 1)])[topics[0]].result()
    cluster = uuid.uuid4().int >> 64
    owner = KafkaConnection(
        KafkaSettings(bootstrap), name="kafka", cluster=cluster, shard=0, shards=2
    )
    print(f"guarantee: {await owner.open()}; {size} bytes of JSON an event, lz4, one partition")
    flow = Flow(PositionKey(cluster, 1, 0), KafkaTarget(topics[1], partitions=1))
    await owner.prepare(flow)
    ours = Ours(owner, flow, batches)
    await ours.run(1, 1)
    ratios = []
    for _ in range(rounds):
        bare = await asyncio.to_thread(bare_loop, bootstrap, topics[0], b"x" * size, seconds)
        mine = await ours.run(seconds, IN_A_COMMIT)
        ratios.append(mine / bare)
        print(f"librdkafka {bare:12,.0f}/s   eventer {mine:12,.0f}/s   ratio {ratios[-1]:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")
    await commits(owner, cluster)
    await owner.close()


async def commits(owner: KafkaConnection, cluster: int) -> None:
    """What a transaction costs back to back, by how many topics it touches."""
    for count in (1, 10, 100):
        name = uuid.uuid4().hex
        flows = [
            Flow(PositionKey(cluster, 100 + n, count), KafkaTarget(f"c.{name}.{n}", partitions=1))
            for n in range(count)
        ]
        for flow in flows:
            await owner.prepare(flow)
        print(f"a commit with {count:3} topics: {await transaction_cost(owner, flows, 30):.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", help="an existing broker; else one of our own")
    parser.add_argument("--seconds", type=float, default=4.0, help="each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of both")
    arguments = parser.parse_args()
    with broker(arguments.bootstrap) as bootstrap:
        asyncio.run(measure(bootstrap, arguments.seconds, arguments.rounds))


if __name__ == "__main__":
    main()
