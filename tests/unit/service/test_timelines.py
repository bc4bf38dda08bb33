"""Generators of timelines: which timelines keep their times, and what a request may not ask for."""

from dataclasses import replace

import pytest

from eventer.core.cursor import FAILED, Cursor
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    CatchUp,
    GeneratorState,
    KafkaTarget,
    Position,
    Segment,
    TimelineSpec,
)
from eventer.core.pace import EventRate, PaceSpec, Steady
from eventer.registry.base import BegunFingerprint
from eventer.service.generator import Generator, view
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest, ScheduleRequest
from eventer.service.timeline_faults import sibling_faults, timeline_faults
from eventer.testing.registry_conformance import sample_record
from eventer.workers.messages import StepBacklog

S = 1_000_000_000
PACE = PaceSpec(Steady(EventRate(1, S)))
HOUR = TimelineSpec(3_600 * S)


@pytest.fixture
def generator():
    """A timeline starts every second from 0 on; the next step is due after 100 s."""
    record = sample_record(7)
    spec = replace(record.spec, timeline=TimelineSpec(30 * S))
    record = replace(
        record,
        spec=spec,
        segments=(Segment(0, 0, PACE),),
        state=GeneratorState.RUNNING,
        fingerprints=(BegunFingerprint(0, "old"),),
        created_at=0,
    )
    position = Position(250, cursor=Cursor(100 * S, 90, 3))
    return Generator(record, cluster=1, position=position)


def resumed(generator, at):
    """The record after it resumed at its position."""
    generator.new_segment_at = at
    for change in generator.changes_at(generator.position, None, at):
        generator.apply(change)
    generator.new_segment_at = None
    return generator


def test_begun_timelines_keep_their_times_and_new_ones_start_at_once(generator):
    pace = resumed(generator, 1_000 * S).history
    assert [pace.due_at(index) for index in (90, 100, 101, 102)] == [
        90 * S,
        100 * S,
        1_000 * S,
        1_001 * S,
    ]
    assert generator.segments_from(generator.position) == generator.record.segments
    generator.position = Position(900, cursor=Cursor(1_200 * S, 280, 0))
    assert generator.segments_from(generator.position) == generator.record.segments[1:]


def test_a_clock_that_goes_back_starts_no_timeline_before_the_next_step(generator):
    assert resumed(generator, 50 * S).history.due_at(101) == 100 * S


def test_a_generator_without_a_step_begins_anew(generator):
    generator.position = Position()
    assert resumed(generator, 1_000 * S).history.due_at(0) == 1_000 * S


def test_an_upgrade_gives_up_the_timelines_that_have_begun(generator):
    *_, change = generator.changes_at(generator.position, "new", 1_000 * S)
    assert change.begun == BegunFingerprint(250, "new", Cursor(100 * S, 101, FAILED))
    generator.apply(change)
    assert generator.first_timeline == 101
    assert generator.start_cursor(generator.position) == Cursor(100 * S, 101, FAILED)
    later = Position(251, cursor=Cursor(107 * S, 101, 1))
    assert generator.start_cursor(later) == later.cursor
    *_, warning = view(generator, 1_000 * S, None).warnings
    assert "timelines 70 to 100" in warning.message


def test_status_counts_timelines_and_shows_what_the_worker_knows(generator):
    shown = view(generator, 130 * S, None)
    assert (shown.position, shown.timelines, shown.lag, shown.overdue) == (250, 131, 30, 29.0)
    generator.backlog = StepBacklog(40, 120 * S)
    shown = view(generator, 130 * S, None)
    assert (shown.lag, shown.overdue, shown.requested_rate) == (40, 10.0, 1.0)
    assert view(generator, 119 * S, None).lag == 0
    generator.update_record(state=GeneratorState.PAUSED)
    assert (view(generator, 130 * S, None).timelines, generator.begun_timelines) == (101, 101)


def faults(*schedules, pace=PACE, rules=(), catch_up=CatchUp.DROP):
    events = (
        EventRequest("[]", id="story", pace=pace, timeline=HOUR, faults=rules, catch_up=catch_up),
        EventRequest("{}", id="plain", pace=PACE),
    )
    destinations = (DestinationRequest("d", KafkaTarget("t")),)
    request = AddRequest(destinations, events, schedules)
    return [(fault.pointer, fault.message) for fault in timeline_faults(request)]


def test_what_is_refused():
    story, plain = ScheduleRequest("d", "story", None, "a"), ScheduleRequest("d", "plain")
    assert faults(story, plain) == []
    assert faults(replace(plain, only="a")) == [
        ("/schedules/0/only", "event 'plain' does not give timelines")
    ]
    ((pointer, message),) = faults(story, plain, replace(story, only="b"))
    assert pointer == "/schedules/2/event_id"
    assert "has several schedules" in message
    assert faults(story, replace(story, only="b"), catch_up=CatchUp.REPLAY) == []
    rules = (FaultRule(FaultKind.DROP, 0.5),)
    assert faults(story, rules=rules) == [
        ("/events/0/faults", "faults are not available for timelines yet")
    ]
    fast = PaceSpec(Steady(EventRate(2_000, S)))
    assert faults(story, pace=fast) == [
        (
            "/events/0/timeline/horizon",
            "7,200,000 timelines start within one horizon, more than 5,000,000",
        )
    ]
    assert faults(story, pace=replace(fast, max_events=1_000)) == []


def test_a_change_must_name_all_generators_of_the_same_timelines(generator):
    class Requested:
        number = 3

    record = generator.record
    timeline = replace(record.spec.timeline, only="b")
    other = replace(record, id=8, name="other", spec=replace(record.spec, timeline=timeline))
    ((fault),) = sibling_faults(Requested, record, [record, other])
    assert fault.pointer == "/schedules/3"
    assert "other (8)" in fault.message
    later = replace(other, segments=(Segment(S, 0, PACE),))
    assert list(sibling_faults(Requested, record, [record, later])) == []
