"""`kill -9` of owners while they deliver, with second copies beside them: 0 lost, 0 twice."""

import asyncio
import json
import random
import subprocess
import sys
import time
import uuid
from collections import Counter

import pytest

from eventer.core.model import Position, PositionKey
from tests.integration.kafka.harness import KafkaHarness, read_topic

pytestmark = pytest.mark.kafka

KILLS, MANY_KILLS = 20, 200


def start(bootstrap, cluster, topic):
    """A writer, once it delivers."""
    command = [sys.executable, "-m", "tests.integration.kafka.delivering_process"]
    writer = subprocess.Popen(
        [*command, bootstrap, str(cluster), topic], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert writer.stdout.readline().startswith(b"delivering"), writer.stderr.read().decode()
    return writer


def kill(writer):
    writer.kill()
    writer.communicate()


def test_owners_killed_and_doubled(kafka):
    killed(kafka, KILLS)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_owners_killed_and_doubled_many_times(kafka):
    killed(kafka, MANY_KILLS)


def killed(kafka, kills):
    """`kill -9` of one owner after the other, of one in five with a second copy beside it."""
    rng = random.Random(7)
    cluster, topic = uuid.uuid4().int >> 64, f"k.{uuid.uuid4().hex}"
    for turn in range(kills):
        writer = start(kafka, cluster, topic)
        time.sleep(rng.uniform(0.05, 0.6))
        if turn % 5 == 4:
            successor = start(kafka, cluster, topic)
            _, said = writer.communicate(timeout=30)
            # One commit in some hundred that meets the fence is answered with "unknown".
            assert b"FencedError" in said or b"UnknownOutcomeError" in said
            time.sleep(rng.uniform(0, 0.3))
            writer = successor
        kill(writer)
    last = start(kafka, cluster, topic)
    time.sleep(0.3)
    kill(last)
    asyncio.run(end_open_transaction(kafka, cluster))
    check(read_topic(kafka, topic))


def test_two_services_share_a_topic_and_neither_fences_the_other(kafka):
    """The same generator of two services: each is its own cluster id, and all of both is there."""
    topic = f"k.{uuid.uuid4().hex}"
    clusters = [uuid.uuid4().int >> 64 for _ in range(2)]
    writers = [start(kafka, cluster, topic) for cluster in clusters]
    for writer in writers:
        assert writer.stdout.readline().startswith(b"delivered")
    time.sleep(2)
    assert [writer.poll() for writer in writers] == [None, None], "one has fenced the other"
    for writer in writers:
        kill(writer)
    stands = [asyncio.run(end_open_transaction(kafka, cluster)) for cluster in clusters]
    found = Counter(json.loads(record.value())["n"] for record in read_topic(kafka, topic))
    assert min(stands) > 0
    assert found == sum((Counter(range(stand)) for stand in stands), Counter())


async def end_open_transaction(bootstrap, cluster):
    """It ends when the next owner comes, and readers need not wait for its timeout."""
    owner = KafkaHarness(bootstrap).connection(cluster)
    await owner.open()
    key = PositionKey(cluster, 1, 0)
    stand = (await owner.positions([key])).get(key, Position()).next
    await owner.close()
    return stand


def check(records):
    found = {}
    for record in records:
        found.setdefault(record.partition(), []).append(json.loads(record.value())["n"])
        assert record.value() == b'{"n":%d}' % found[record.partition()][-1]
    total = sum(map(len, found.values()))
    assert total > 200
    for partition, indices in found.items():
        assert indices == [n for n in range(total) if n // 100 % 3 == partition]
