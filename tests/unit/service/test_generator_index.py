"""Generators are found by topic or table and by stream, at a cost that does not grow."""

from dataclasses import replace

import pytest

from eventer.core.model import KafkaTarget, PostgresTarget, Segment, Stream
from eventer.core.pace import ticks
from eventer.service.generator import Generator
from eventer.service.generator_index import GeneratorIndex
from eventer.testing.registry_conformance import sample_record, sample_spec

BOO, MOO = KafkaTarget("boo"), KafkaTarget("moo")
KEYED = replace(BOO, key="id")


def generator(id_, **spec):
    return Generator.of(sample_record(id_, spec=sample_spec(**spec)), cluster=1)


@pytest.fixture
def index():
    """Its members share streams, digests and topics in part."""
    index = GeneratorIndex()
    for each in (
        generator(1, digest="d", target=BOO, stream=Stream(1, "s")),
        generator(2, digest="e", target=KEYED, stream=Stream(1, "s")),
        generator(3, digest="d", target=MOO, stream=Stream(1, "s")),
        generator(4, digest="d", target=BOO, stream=Stream(1)),
        generator(5, digest="e", target=BOO, stream=Stream(1)),
    ):
        index.add(each)
    return index


def related(index, stream, digest, target):
    return index.related(sample_spec(stream=Stream(1, stream), digest=digest, target=target))


def test_related_generators_share_stream_and_topic(index):
    """Digests and the options of the target do not matter."""
    assert related(index, "s", "f", BOO) == (1, 2)
    assert related(index, None, "d", KEYED) == (4,)
    assert related(index, None, "f", BOO) == ()
    assert related(index, "s", "d", replace(BOO, connection="x")) == ()
    assert related(index, "s", "d", PostgresTarget("boo", "kafka")) == ()


def test_generators_of_a_topic(index):
    assert [each.record.id for each in index.at(KEYED)] == [1, 2, 4, 5]
    assert index.at(PostgresTarget("boo")) == ()


def test_removed_generators_are_not_found(index):
    for id_ in (1, 2, 3):
        index.remove(index[id_])
    assert list(index) == [4, 5]
    assert related(index, "s", "f", BOO) == ()
    assert [each.record.id for each in index.at(BOO)] == [4, 5]
    assert len(index.usage.locations) == 1
    assert index.usage.rates.keys() == {4, 5}


def test_usage_follows_a_change_of_pace(index):
    changed = index[1]
    changed.update_record(segments=(Segment(0, 0, ticks(7, 1_000_000_000)),))
    index.update_rate(changed)
    assert index.usage.rates[1] == 7.0
