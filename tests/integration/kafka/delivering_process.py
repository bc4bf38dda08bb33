"""A process that delivers until it is killed, and reports its progress."""

import asyncio
import itertools

from eventer.core.errors import DestinationError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import batch_of
from tests.integration.kafka.harness import PATIENT

REPORT_EVERY = 10
"""It reports after its first commit, and after every this many commits."""

BATCH = 50
"""Events in a batch."""


def main(bootstrap, cluster, topic, reports):
    """Delivers from the position on, until another owner fences it. `reports` is a connection."""
    try:
        asyncio.run(_deliver(bootstrap, cluster, topic, reports))
    except DestinationError as error:
        reports.send(type(error).__name__)


async def _deliver(bootstrap, cluster, topic, reports):
    owner = KafkaConnection(
        KafkaSettings(bootstrap, **PATIENT), name="kafka", cluster=cluster, shard=0, shards=2
    )
    target = KafkaTarget(topic, partitions=3, config=(("retention.ms", "-1"),))
    flow = Flow(PositionKey(cluster, 1, 0), target)
    await owner.open()
    await owner.prepare(flow)
    at = (await owner.positions([flow.key])).get(flow.key, Position())
    reports.send("delivering")
    for turn in itertools.count():
        batch = batch_of(at.next, [{"n": n} for n in range(at.next, at.next + BATCH)])
        at = (await owner.deliver([Delivery(flow, (batch,))])).committed[flow.key]
        if turn % REPORT_EVERY == 0:
            reports.send("delivered")
