"""What `status` shows of a generator before and after its position is known."""

import logging
from dataclasses import replace

import pytest

from eventer.core.model import GeneratorState, Position, Segment
from eventer.core.pace import ticks
from eventer.registry.base import Cluster
from eventer.service.connections import known_connections
from eventer.service.generator import Generator, view
from eventer.service.hosted_service import warn_of_shards
from eventer.settings.model import KafkaConnection, Settings
from eventer.testing.registry_conformance import sample_record

SECOND = 1_000_000_000


@pytest.fixture
def generator():
    record = sample_record(7)
    segment = Segment(0, 0, ticks(10, SECOND))
    record = replace(record, segments=(segment,), state=GeneratorState.RUNNING)
    return Generator(record, cluster=1, position=Position(50))


def test_a_resumed_generator_shows_no_lag_of_ticks_that_it_drops(generator):
    generator.new_segment_at = 1_000 * SECOND
    resumed = view(generator, 1_000 * SECOND, None)
    assert (resumed.lag, resumed.next_tick) == (10, 1_001 * SECOND)
    assert view(generator, 1_002 * SECOND, None).lag == 30


def test_a_generator_that_replays_shows_the_lag_of_all_ticks(generator):
    assert view(generator, 1_000 * SECOND, None).lag == 10_010 - 50


def test_the_guarantee_is_unknown_until_the_server_has_decided_it(generator):
    assert view(generator, 0, None).delivery is None
    assert view(generator, 0, "exactly-once").delivery == "exactly-once"
    generator.record_running("at-least-once")
    assert view(generator, 0, None).delivery == "at-least-once"


def test_the_guarantees_that_settings_promise():
    def guarantee(name, **kafka):
        settings = Settings(kafka=KafkaConnection(**kafka))
        return known_connections(settings, shards=2)[name].guarantee

    assert guarantee("kafka") is None
    assert guarantee("kafka", delivery="at-least-once") == "at-least-once"
    assert guarantee("postgres") == "exactly-once"


@pytest.mark.parametrize(
    ("fields", "warns"), [({"shards": 4}, True), ({"shards": 3}, False), ({}, False)]
)
def test_another_number_of_shards_is_warned_about(caplog, fields, warns):
    with caplog.at_level(logging.WARNING):
        warn_of_shards(Settings(**fields), Cluster(1, shards=3))
    assert ("shards=4 has no effect" in caplog.text) == warns
