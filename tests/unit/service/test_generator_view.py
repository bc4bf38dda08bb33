"""What `status` shows of a generator before and after its position is known."""

import logging
from dataclasses import replace

import pytest

from eventer.core.errors import EventerError
from eventer.core.model import GeneratorState, Position, Segment
from eventer.core.pace import EventRate, PaceSpec, Stage, Stages, Steady, ticks
from eventer.registry.base import Cluster
from eventer.service.connections import known_connections
from eventer.service.generator import Generator, view
from eventer.service.hosted_service import warn_of_shards
from eventer.settings.model import KafkaConnection, Settings
from eventer.testing.registry_conformance import sample_record, sample_spec

SECOND = 1_000_000_000


@pytest.fixture
def generator():
    record = sample_record(7, spec=sample_spec(timeline=None, faults=()))
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


@pytest.mark.parametrize(("position", "keeps"), [(0, True), (599, True), (600, False)])
def test_a_restart_while_the_past_is_delivered_begins_no_segment(generator, position, keeps):
    """The generator was added at 600 s, with a start of 600 s before."""
    pace = PaceSpec(Steady(EventRate(1, SECOND)), start="now-10m")
    generator.update_record(segments=(Segment(0, 0, pace),), created_at=600 * SECOND)
    generator.position, generator.new_segment_at = Position(position), 900 * SECOND
    begun = [each.segment for each in generator.changes_at(Position(position), None, 900 * SECOND)]
    assert begun == ([] if keeps else [Segment(900 * SECOND, 600, pace)])
    assert view(generator, 900 * SECOND, None).lag == (901 - position if keeps else 1)


def test_a_start_in_the_future_outlives_a_restart(generator):
    pace = PaceSpec(Steady(EventRate(1, SECOND)), start="now+10m")
    generator.update_record(segments=(Segment(600 * SECOND, 0, pace),), created_at=0)
    generator.position, generator.new_segment_at = Position(0), 300 * SECOND
    assert not list(generator.changes_at(Position(0), None, 300 * SECOND))
    shown = view(generator, 300 * SECOND, None)
    assert (shown.lag, shown.next_tick, shown.requested_rate) == (0, 600 * SECOND, 0)


def test_the_requested_rate_of_a_paused_generator_is_that_at_its_position(generator):
    stages = (
        Stage(EventRate(1, SECOND), EventRate(1, SECOND), 10 * SECOND),
        Stage(EventRate(9, SECOND), EventRate(9, SECOND), 10 * SECOND),
    )
    generator.update_record(
        segments=(Segment(0, 0, PaceSpec(Stages(stages))),), state=GeneratorState.PAUSED
    )
    generator.position = Position(5)
    assert view(generator, 15 * SECOND, None).requested_rate == 1
    generator.update_record(state=GeneratorState.RUNNING)
    assert view(generator, 15 * SECOND, None).requested_rate == 9
    assert view(generator, 25 * SECOND, None).requested_rate == 0


def test_the_guarantee_is_unknown_until_the_server_has_decided_it(generator):
    assert view(generator, 0, None).delivery is None
    assert view(generator, 0, "exactly-once").delivery == "exactly-once"
    generator.record_running("at-least-once")
    assert view(generator, 0, None).delivery == "at-least-once"


def test_an_answer_that_came_late_is_no_error(generator):
    generator.record_error(EventerError("refused"), 1)
    generator.record_error(EventerError("has not answered yet"), 2)
    generator.awaiting_answer = True
    generator.record_running("at-least-once")
    assert generator.last_error is None
    assert [past.error.message for past in generator.recent_errors.newest_first()] == ["refused"]


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
