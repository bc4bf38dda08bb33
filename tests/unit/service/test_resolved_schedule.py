"""Resolution of add requests."""

from dataclasses import replace

from eventer.core.errors import Fault
from eventer.core.model import (
    CatchUp,
    EventShape,
    GeneratorState,
    KafkaTarget,
    OnError,
    Segment,
    Stream,
    Template,
    TimelineSpec,
)
from eventer.core.pace import EventRate, PaceSpec, Steady, ticks
from eventer.registry.base import (
    BeginSegment,
    BegunFingerprint,
    GeneratorRecord,
    SetPolicies,
    SetState,
)
from eventer.runs.pace.arrivals import arrivals_key
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    ScheduleRequest,
)
from eventer.service.resolved_schedule import (
    ResolvedSchedule,
    changes_to,
    conflicts,
    needs_change,
    new_record,
    only_faults,
    resolve_schedules,
    seeds_of,
    start_fault,
)
from eventer.workers.inspector_messages import Inspection

NOW = 1_700_000_000_000_000_000
EVENT = EventRequest("{}", id="e", pace=ticks(10, 100))


def inspection(digest: str = "ab") -> Inspection:
    return Inspection(
        template=Template("{}"),
        digest=digest,
        fingerprint="f1",
        engine="interpreter",
        reason="because",
        shape=EventShape(),
        warnings=(),
    )


def resolved(
    *events: EventRequest, topics: tuple[str, ...] = ("boo",)
) -> tuple[ResolvedSchedule, ...]:
    events = events or (EVENT,)
    request = AddRequest(
        tuple(DestinationRequest(t, KafkaTarget(t)) for t in topics),
        events,
        tuple(ScheduleRequest(t, e.id) for t in topics for e in events),
    )
    event_sources = [e.event_source(e.seed or 0, "i") for e in events]
    inspections = [inspection(e.template) for _ in topics for e in events]
    return resolve_schedules(request, event_sources, inspections)


def record(**changes: object) -> GeneratorRecord:
    (each,) = resolved()
    made = new_record(each, name="boo/e", seed=7, shards=2, now=NOW)
    return replace(made, incarnation=3, **changes)  # type: ignore[arg-type]


class TestResolvedSchedules:
    def test_one_for_each_schedule_in_order(self) -> None:
        both = resolved(topics=("boo", "moo"))
        assert [w.event_number for w in both] == [0, 0]
        assert [w.destination_number for w in both] == [0, 1]
        assert both[0].id != both[1].id

    def test_a_new_record_starts_now_at_event_0(self) -> None:
        made = record()
        assert made.segments == (Segment(NOW, 0, ticks(10, 100)),)
        assert made.spec.stream == Stream(7)
        assert made.shard == made.id % 2
        assert made.fingerprints == (BegunFingerprint(0, "f1"),)
        assert made.spec.event_source.context.instance_id == "i"
        assert not made.spec.explicit_seed


class TestConflicts:
    def test_one_identity_at_two_paces_is_a_conflict(self) -> None:
        again = replace(EVENT, id="f", pace=ticks(10, 200))
        (fault,) = conflicts(resolved(EVENT, again))
        assert fault.pointer == "/schedules/1"

    def test_one_identity_with_two_policies_is_a_conflict(self) -> None:
        again = replace(EVENT, id="f", on_error=OnError.SKIP)
        assert len(list(conflicts(resolved(EVENT, again)))) == 1

    def test_one_identity_twice_at_one_pace_is_not_a_conflict(self) -> None:
        twice = resolved(EVENT, replace(EVENT, id="f"))
        assert twice[0].id == twice[1].id
        assert list(conflicts(twice)) == []


class TestSeeds:
    def test_seeds_are_random_once_per_stream(self) -> None:
        a, b = resolved(topics=("boo", "moo"))
        assert a.stream_key == b.stream_key
        assert set(seeds_of([a, b], {a.stream_key: 5}, {}).values()) == {5}

    def test_seeds_are_adopted_from_a_generator_of_the_same_stream_and_template(self) -> None:
        (a,) = resolved(replace(EVENT, stream="s"))
        (b,) = resolved(replace(EVENT, stream="s", template="cd"))
        known = {"name:s ab": 9, "name:s {}": 9}
        seeds = seeds_of([a, b], {a.stream_key: 5}, known)
        assert seeds[a.id] == 9
        assert seeds[b.id] == 5

    def test_explicit_seeds_stay(self) -> None:
        (a,) = resolved(replace(EVENT, seed=0))
        assert seeds_of([a], {a.stream_key: 5}, {})[a.id] == 0


class TestChanges:
    def test_the_same_again_changes_nothing(self) -> None:
        (each,) = resolved()
        assert not needs_change(record(), each)
        assert list(changes_to(record(), each, NOW)) == []

    def test_another_pace_begins_after_the_due_events(self) -> None:
        (each,) = resolved(replace(EVENT, pace=ticks(5, 70)))
        assert needs_change(record(), each)
        (change,) = changes_to(record(), each, NOW + 250)
        id_ = each.id
        assert change == BeginSegment(id_, 3, Segment(NOW + 200 + 70, 30, ticks(5, 70)), NOW + 250)

    def test_other_policies(self) -> None:
        (each,) = resolved(replace(EVENT, on_error=OnError.SKIP))
        (change,) = changes_to(record(), each, NOW)
        assert change == SetPolicies(each.id, 3, OnError.SKIP, CatchUp.DROP, NOW)

    def test_another_end_starts_a_finished_one_again(self) -> None:
        pace = PaceSpec(Steady(EventRate(1, 5)), max_events=9)
        finished = record(state=GeneratorState.FINISHED, segments=(Segment(NOW, 0, pace),))
        (same,) = resolved(replace(EVENT, pace=pace))
        assert not needs_change(finished, same)
        (longer,) = resolved(replace(EVENT, pace=replace(pace, max_events=20)))
        assert list(changes_to(finished, longer, NOW + 100)) == [
            BeginSegment(longer.id, 3, Segment(NOW, 0, longer.event.pace), NOW + 100),
            SetState(longer.id, 3, GeneratorState.RUNNING, None, NOW + 100),
        ]

    def test_a_start_is_kept_and_another_one_refused(self) -> None:
        pace = PaceSpec(Steady(EventRate(1, 5)), start="now-1h")
        begun = record(segments=(Segment(NOW - 5, 0, pace),))
        (without,) = resolved(replace(EVENT, pace=replace(pace, start=None)))
        assert not needs_change(begun, without)
        assert not list(start_fault(begun, without))
        (other,) = resolved(replace(EVENT, pace=replace(pace, start="now-2h")))
        (fault,) = start_fault(begun, other)
        assert fault.pointer == "/events/0/pace/start"

    def test_random_arrivals_have_a_draw_key_of_the_stream(self) -> None:
        pace = PaceSpec(Steady(EventRate(1, 5)), "random", start="now-1h")
        (each,) = resolved(replace(EVENT, pace=pace))
        (segment,) = new_record(each, name="boo/e", seed=7, shards=2, now=NOW).segments
        assert segment.t0 == NOW - 3_600 * 10**9
        assert segment.draw_key == arrivals_key(Stream(7), each.spec.digest) != 0

    def test_a_failed_one_starts_again_and_a_paused_one_does_not(self) -> None:
        (each,) = resolved()
        failed = record(state=GeneratorState.FAILED)
        assert needs_change(failed, each)
        assert list(changes_to(failed, each, NOW)) == [
            SetState(each.id, 3, GeneratorState.RUNNING, None, NOW)
        ]
        assert not needs_change(record(state=GeneratorState.PAUSED), each)


def test_a_schedule_of_steps_that_no_timeline_can_have_is_refused() -> None:
    (each,) = resolved()
    timeline = TimelineSpec(NOW, "orderz")
    each = replace(each, spec=replace(each.spec, timeline=timeline))
    known = replace(each, inspection=replace(each.inspection, step_names=frozenset({"orders"})))
    assert [*only_faults([each, known])] == [
        Fault("/schedules/0/only", "no step has `to`: 'orderz'", "did you mean 'orders'?")
    ]
