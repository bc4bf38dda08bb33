"""A process that delivers until it is killed, and says how it gets on."""

import asyncio
import itertools

from eventer.core.errors import DestinationError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import batch_of
from tests.integration.kafka.harness import PATIENT

SAYING = 10
"""It says that it has delivered after its first commit, and after so many more."""

BATCH = 50
"""Of events that were due long ago: by default the broker would delete them while we look."""


def main(bootstrap, cluster, topic, said):
    """Delivers from the position on; another owner ends it. `said` is a connection for words."""
    try:
        asyncio.run(_deliver(bootstrap, cluster, topic, said))
    except DestinationError as error:
        said.send(type(error).__name__)


async def _deliver(bootstrap, cluster, topic, said):
    owner = KafkaConnection(
        KafkaSettings(bootstrap, **PATIENT), name="kafka", cluster=cluster, shard=0, shards=2
    )
    target = KafkaTarget(topic, partitions=3, config=(("retention.ms", "-1"),))
    flow = Flow(PositionKey(cluster, 1, 0), target)
    await owner.open()
    await owner.prepare(flow)
    at = (await owner.positions([flow.key])).get(flow.key, Position())
    said.send("delivering")
    for turn in itertools.count():
        batch = batch_of(at.next, [{"n": n} for n in range(at.next, at.next + BATCH)])
        at = (await owner.deliver([Delivery(flow, (batch,))])).committed[flow.key]
        if turn % SAYING == 0:
            said.send("delivered")
