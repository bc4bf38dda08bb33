"""`kill -9` of owners while they deliver, with second copies beside them: 0 lost, 0 twice."""

import asyncio
import json
import random
import time
import uuid
from collections import Counter

import pytest

from eventer.core.model import Position, PositionKey
from tests.forkserver import forkserver
from tests.integration.kafka import delivering_process
from tests.integration.kafka.harness import KafkaHarness, read_topic
from tests.waiting import DEADLINE_S

pytestmark = pytest.mark.kafka

KILLS, MANY_KILLS = 3, 200


class Writer:
    """A process that delivers."""

    def __init__(self, bootstrap, cluster, topic):
        self._reports, reports = forkserver().Pipe(duplex=False)
        arguments = (bootstrap, cluster, topic, reports)
        self._process = forkserver().Process(target=delivering_process.main, args=arguments)
        self._process.start()
        reports.close()
        assert self.receive() == "delivering"

    def receive(self):
        """Its next report."""
        assert self._reports.poll(DEADLINE_S)
        return self._reports.recv()

    def last_report(self):
        """Its last report before it ends by itself."""
        report = self.receive()
        while report == "delivered":
            report = self.receive()
        return report

    def kill(self):
        self._process.kill()
        self._process.join()
        self._process.close()
        self._reports.close()


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
        owner = Writer(kafka, cluster, topic)
        if turn % 2 == 0:
            assert owner.receive() == "delivered"
        time.sleep(rng.uniform(0.05, 0.6))
        if turn % 5 == 2:
            successor = Writer(kafka, cluster, topic)
            # One commit in some hundred that meets the fence is answered with "unknown".
            assert owner.last_report() in {"FencedError", "UnknownOutcomeError"}
            owner.kill()
            time.sleep(rng.uniform(0, 0.3))
            owner = successor
        owner.kill()
    last = Writer(kafka, cluster, topic)
    for _ in range(2):
        assert last.receive() == "delivered"
    last.kill()
    asyncio.run(end_open_transaction(kafka, cluster))
    check(read_topic(kafka, topic))


def test_two_services_share_a_topic_and_neither_fences_the_other(kafka):
    """The same generator of two services: each is its own cluster id, and all of both is there."""
    topic = f"k.{uuid.uuid4().hex}"
    clusters = [uuid.uuid4().int >> 64 for _ in range(2)]
    writers = [Writer(kafka, cluster, topic) for cluster in clusters]
    for _ in range(4):
        for each in writers:
            assert each.receive() == "delivered", "one has fenced the other"
    for each in writers:
        each.kill()
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
    assert total >= 200
    for partition, indices in found.items():
        assert indices == [n for n in range(total) if n // 100 % 3 == partition]
