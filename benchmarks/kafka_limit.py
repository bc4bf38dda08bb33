"""Kafka delivery and its limit: `python -m benchmarks.kafka_limit [--bootstrap HOST:PORT]`.

The limit is a bare librdkafka loop that sends one constant message of the same size as fast as
possible. Eventer sends prepared batches of varied events through `KafkaConnection`; the time
includes framing, compression, transactions and positions. All replicas acknowledge both, and both
use lz4. They run in turns, so that both see the same machine.
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
BATCHES_PER_COMMIT = 10
"""Batches per transaction: about 250 ms."""


def event(rng: random.Random) -> dict[str, object]:
    """An event similar in size and content to the contract's template."""
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


class EventerSender:
    """Delivers the prepared batches repeatedly, with consecutive event indexes."""

    def __init__(self, connection: KafkaConnection, flow: Flow, batches: list[Batch]) -> None:
        self._connection, self._flow, self._batches = connection, flow, batches
        self._next = 0
        self.commits: list[float] = []

    async def run(self, seconds: float, batches: int) -> float:
        """Delivers in commits of `batches` batches; returns events per second."""
        first, started = self._next, time.perf_counter()
        while (begun := time.perf_counter()) - started < seconds:
            delivery_batches = tuple(self._take(n) for n in range(batches))
            await self._connection.deliver([Delivery(self._flow, delivery_batches)])
            self.commits.append(time.perf_counter() - begun)
        return (self._next - first) / (time.perf_counter() - started)

    def _take(self, n: int) -> Batch:
        prepared = self._batches[n % len(self._batches)]
        first, self._next = self._next, self._next + prepared.count
        shift = first - prepared.first
        return replace(prepared, first=first, index=prepared.index + shift)


async def transaction_cost(connection: KafkaConnection, flows: list[Flow], rounds: int) -> float:
    """The median time of a commit with one event per flow, in milliseconds."""
    seconds = []
    for n in range(rounds):
        delivery_batches = [Delivery(flow, (batch_of(n, [{"n": n}]),)) for flow in flows]
        begun = time.perf_counter()
        await connection.deliver(delivery_batches)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds) * 1000


async def measure(bootstrap: str, seconds: float, rounds: int) -> None:
    rng = random.Random(1)
    batches = [
        batch_of(n * BATCH, [event(rng) for _ in range(BATCH)]) for n in range(BATCHES_PER_COMMIT)
    ]
    size = batches[0].nbytes // BATCH
    topics = [f"limit.{uuid.uuid4().hex}" for _ in range(2)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topics[0], 1, 1)])[topics[0]].result()
    cluster = uuid.uuid4().int >> 64
    connection = KafkaConnection(
        KafkaSettings(bootstrap), name="kafka", cluster=cluster, shard=0, shards=2
    )
    print(
        f"guarantee: {await connection.open()}; {size} bytes of JSON per event, lz4, one partition"
    )
    flow = Flow(PositionKey(cluster, 1, 0), KafkaTarget(topics[1], partitions=1))
    await connection.prepare(flow)
    eventer = EventerSender(connection, flow, batches)
    await eventer.run(1, 1)
    ratios = []
    for _ in range(rounds):
        limit_rate = await asyncio.to_thread(bare_loop, bootstrap, topics[0], b"x" * size, seconds)
        eventer_rate = await eventer.run(seconds, BATCHES_PER_COMMIT)
        ratios.append(eventer_rate / limit_rate)
        print(
            f"librdkafka {limit_rate:12,.0f}/s   eventer {eventer_rate:12,.0f}/s   "
            f"ratio {ratios[-1]:.2f}"
        )
    print(f"median ratio {statistics.median(ratios):.2f}")
    await measure_commits(connection, cluster)
    await connection.close()


async def measure_commits(connection: KafkaConnection, cluster: int) -> None:
    """Prints the time of consecutive commits by the number of topics."""
    for count in (1, 10, 100):
        name = uuid.uuid4().hex
        flows = [
            Flow(PositionKey(cluster, 100 + n, count), KafkaTarget(f"c.{name}.{n}", partitions=1))
            for n in range(count)
        ]
        for flow in flows:
            await connection.prepare(flow)
        cost = await transaction_cost(connection, flows, 30)
        print(f"a commit with {count:3} topics: {cost:.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", help="an existing broker; default: start one")
    parser.add_argument("--seconds", type=float, default=4.0, help="duration of a turn")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of turns")
    arguments = parser.parse_args()
    with broker(arguments.bootstrap) as bootstrap:
        asyncio.run(measure(bootstrap, arguments.seconds, arguments.rounds))


if __name__ == "__main__":
    main()
