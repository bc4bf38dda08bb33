"""Each destination is asked once for equal events, and not at all while such events flow there."""

from dataclasses import replace

import pytest

from eventer.core.errors import DestinationRejectedError, RequestError
from eventer.core.model import GeneratorState
from eventer.registry.base import Cluster
from eventer.service.destination_checker import DestinationChecker
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.service.resolved_schedule import new_record
from tests.unit.service.test_resolved_schedule import EVENT, NOW, resolved


class Pool:
    """Records the topics that it is asked about."""

    def __init__(self, error=None):
        self.error = error
        self.asked = []

    async def check(self, shard, flow):
        self.asked.append(flow.target.topic)
        if self.error is not None:
            raise self.error


def schedules(*names, topics=("boo",)):
    return resolved(*(replace(EVENT, id=name, template=name) for name in names), topics=topics)


def existing(schedule, **changes):
    record = replace(new_record(schedule, name="boo/e", seed=1, shards=2, now=NOW), **changes)
    generator = Generator.of(record, cluster=1)
    generator.record_running("exactly-once")
    return generator


@pytest.fixture
def index():
    return GeneratorIndex()


async def errors(index, pool, asked):
    return await DestinationChecker(index, pool, Cluster(1, shards=2)).errors(asked)


async def test_each_topic_is_asked_once(index):
    pool = Pool()
    assert not await errors(index, pool, schedules("a", "b", "c", topics=("boo", "moo")))
    assert sorted(pool.asked) == ["boo", "moo"]


async def test_a_topic_to_which_such_events_flow_is_not_asked(index):
    (running,) = schedules("a")
    index.add(existing(running))
    pool = Pool()
    assert not await errors(index, pool, schedules("b", topics=("boo", "moo")))
    assert pool.asked == ["moo"]


async def test_a_failed_generator_has_its_topic_asked_again(index):
    (failed,) = schedules("a")
    (running,) = schedules("b")
    index.add(existing(failed, state=GeneratorState.FAILED))
    index.add(existing(running))
    pool = Pool()
    assert not await errors(index, pool, schedules("a", "b", "c"))
    assert pool.asked == ["boo"]


async def test_a_rejection_is_one_fault_of_the_destination(index):
    pool = Pool(DestinationRejectedError("no", hint="do"))
    with pytest.raises(RequestError) as raised:
        await errors(index, pool, schedules("a", "b"))
    assert [fault.pointer for fault in raised.value.faults] == ["/destinations/0/kafka"]
