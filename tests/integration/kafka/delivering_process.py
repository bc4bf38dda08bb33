"""A process that delivers until it is killed: `python -m … BOOTSTRAP CLUSTER TOPIC`."""

import asyncio
import itertools
import sys

from eventer.core.errors import DestinationError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.kafka.connection import KafkaConnection
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.testing.batches import batch_of

BATCH = 50
"""Of events that were due long ago: by default the broker would delete them while we look."""


async def main(bootstrap, cluster, topic):
    """Delivers from the position on; another owner ends it."""
    owner = KafkaConnection(
        KafkaSettings(bootstrap), name="kafka", cluster=cluster, shard=0, shards=2
    )
    target = KafkaTarget(topic, partitions=3, config=(("retention.ms", "-1"),))
    flow = Flow(PositionKey(cluster, 1, 0), target)
    await owner.open()
    await owner.prepare(flow)
    at = (await owner.positions([flow.key])).get(flow.key, Position())
    print("delivering", at.next, flush=True)
    for turn in itertools.count():
        batch = batch_of(at.next, [{"n": n} for n in range(at.next, at.next + BATCH)])
        at = (await owner.deliver([Delivery(flow, (batch,))])).committed[flow.key]
        if turn == 0:
            print("delivered", at.next, flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
    except DestinationError as error:
        sys.exit(f"{type(error).__name__}: {error}")
