"""What a shard decides, step by step, on a clock moved by hand."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EvaluationError,
    FencedError,
    TargetUnavailableError,
    TemplateError,
    UnknownOutcomeError,
)
from eventer.core.model import ConsoleTarget, OnError, Position, PositionKey, Segment
from eventer.destinations.base import Flow, Outcome
from eventer.destinations.console import advance
from eventer.runs.backoff import CAP_NS, COSTLY_BASE_NS, FENCED_NS
from eventer.runs.dose import SLOW_NS
from eventer.runs.instructions import (
    Assignment,
    Check,
    Checked,
    Close,
    Committed,
    Deliver,
    Failed,
    Finished,
    Generate,
    Made,
    Open,
    Positioned,
    Prepare,
    ReadPositions,
    Report,
    Running,
    Skipped,
    Spent,
    Suspended,
    Waiting,
    Withdrawn,
    Work,
)
from eventer.runs.link import IDLE_NS
from eventer.runs.pacing import Pace
from eventer.runs.rest import REST_NS, SHARE
from eventer.runs.shard import WEIGHT, WINDOW_NS, Shard
from tests.unit.runs.simulation import MS, RECIPE, SECOND, fake_batch

T0 = 1_700_000_000 * SECOND
A, B = PositionKey(1, 1, 1), PositionKey(1, 2, 1)
_I = TypeVar("_I")


class Bench:
    """A shard, and hands that carry out what it asks for."""

    def __init__(self) -> None:
        self.now = T0
        self.shard = Shard()
        self.reports: list[Report] = []
        self.positions: dict[PositionKey, Position] = {}
        self.paces: dict[PositionKey, Pace] = {}

    def assign(
        self,
        key: PositionKey,
        *,
        count: int = 10,
        interval: int = SECOND,
        on_error: OnError = OnError.STOP,
        skip: frozenset[int] = frozenset(),
        doubtful: bool = False,
        wary_of: int | None = None,
    ) -> None:
        self.paces[key] = Pace([Segment(self.now, 0, count, interval)])
        flow = Flow(key, ConsoleTarget())
        self.shard.assign(
            Assignment(
                flow,
                RECIPE,
                on_error,
                skip,
                doubtful=doubtful,
                wary_of=wary_of,
            )
        )

    def next_delivery(self) -> Deliver:
        """Makes what is due and waits, until something is to be delivered."""
        while True:
            for instruction in self.decide():
                if isinstance(instruction, Deliver):
                    return instruction
                assert isinstance(instruction, Generate)
                self.made(instruction)
                break
            else:
                at = self.shard.wake_at()
                assert at is not None
                self.now = max(self.now + 1, at)

    def decide(self) -> list[object]:
        decided: list[object] = list(self.shard.decide(self.now))
        self.reports += self.shard.take_reports()
        return decided

    def expect(self, kind: type[_I]) -> _I:
        """The one instruction that is decided now."""
        (instruction,) = self.decide()
        assert isinstance(instruction, kind)
        return instruction

    def heard(self, kind: type[_I]) -> list[_I]:
        self.reports += self.shard.take_reports()
        return [report for report in self.reports if isinstance(report, kind)]

    def open(self) -> None:
        self.expect(Open)
        self.shard.opened("exactly-once")

    def read(self) -> None:
        keys = self.expect(ReadPositions).keys
        self.shard.positions_read(
            {key: self.positions[key] for key in keys if key in self.positions}, self.now
        )
        for report in self.heard(Positioned):
            self.shard.go(report.key, self.paces[report.key])

    def prepare(self) -> None:
        self.expect(Prepare)
        self.shard.prepared(self.now)

    def run(self, *keys: PositionKey, **options: object) -> None:
        """Brings generators to where their first events are due."""
        for key in keys:
            self.assign(key, **options)  # type: ignore[arg-type]
        self.open()
        self.read()
        for number in range(len(keys)):
            instructions = self.decide()
            prepares = [i for i in instructions if isinstance(i, Prepare)]
            assert len(prepares) == 1, f"generator {number} is prepared"
            self.shard.prepared(self.now)
            for generate in instructions:
                if isinstance(generate, Generate):
                    self.made(generate)

    def made(self, generate: Generate, make: Callable[[Work], Made] | None = None) -> None:
        self.shard.generated([(make or whole)(work) for work in generate.works], self.now)

    def commit(self, deliver: Deliver) -> None:
        committed = {
            d.flow.key: advance(self.positions.get(d.flow.key, Position()), d.batches)
            for d in deliver.deliveries
        }
        self.positions.update(committed)
        self.shard.delivered(Outcome(committed), self.now)


def whole(work: Work) -> Made:
    times = work.timetable.scheduled(work.first, work.count).tolist()
    return Made(work, fake_batch(work.first, times), weight=work.count)


def raising(index: int) -> Callable[[Work], Made]:
    def make(work: Work) -> Made:
        if work.first == index:
            error = EvaluationError("boom")
            error.index = index
            return Made(work, error=error)
        times = work.timetable.scheduled(work.first, work.count).tolist()
        return Made(work, fake_batch(work.first, times[: max(0, index - work.first)] or times))

    return make


class TestWay:
    def test_from_assignment_to_commit(self) -> None:
        bench = Bench()
        assert bench.decide() == []
        bench.assign(A)
        bench.open()
        bench.read()
        bench.prepare()
        assert bench.heard(Running) == [Running(A)]
        bench.made(bench.expect(Generate))
        deliver = bench.expect(Deliver)
        assert [b.count for b in deliver.deliveries[0].batches] == [10]
        bench.commit(deliver)
        (committed,) = bench.heard(Committed)
        assert committed.positions[A].next == 10
        assert bench.decide() == []
        assert bench.shard.wake_at() == T0 + SECOND

    def test_a_read_position_is_where_it_goes_on(self) -> None:
        bench = Bench()
        bench.positions[A] = Position(next=7)
        bench.run(A)
        work = bench.expect(Generate).works[0]
        assert (work.first, work.count) == (7, 3)

    def test_nothing_flows_before_it_is_let_go(self) -> None:
        bench = Bench()
        bench.assign(A)
        bench.open()
        keys = bench.expect(ReadPositions).keys
        bench.shard.positions_read({}, bench.now)
        assert keys == (A,)
        bench.now += 10 * SECOND
        assert bench.decide() == []

    def test_what_brought_its_process_down_waits_until_all_before_it_is_committed(self) -> None:
        bench = Bench()
        bench.positions[A] = Position(next=3)
        bench.run(A, wary_of=7)
        generate = bench.expect(Generate)
        assert [(work.first, work.count) for work in generate.works] == [(3, 4)]
        bench.made(generate)
        deliver = bench.expect(Deliver)
        assert bench.decide() == [], "events 7 to 9 are due, too"
        bench.commit(deliver)
        (work,) = bench.expect(Generate).works
        assert (work.first, work.count) == (7, 3)


class TestWindow:
    def test_one_transaction_holds_all_that_is_due_together(self) -> None:
        bench = Bench()
        bench.run(A, B, interval=SECOND)
        while (instructions := bench.decide()) and isinstance(instructions[0], Generate):
            bench.made(instructions[0])
        (deliver,) = instructions
        assert isinstance(deliver, Deliver)
        assert {d.flow.key for d in deliver.deliveries} == {A, B}

    def test_under_load_it_commits_after_the_window(self) -> None:
        bench = Bench()
        bench.run(A, count=10_000_000)
        began = bench.now
        instructions = bench.decide()
        while len(instructions) == 1:
            assert bench.now < began + WINDOW_NS + 50 * MS
            assert isinstance(instructions[0], Generate)
            bench.now += 20 * MS
            bench.made(instructions[0])
            instructions = bench.decide()
        assert bench.now >= began + WINDOW_NS
        assert {type(i) for i in instructions} == {Generate, Deliver}

    def test_events_are_made_while_the_last_ones_are_committed(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        bench.now += SECOND
        bench.expect(Generate)

    def test_memory_is_bounded_while_a_commit_takes_long(self) -> None:
        bench = Bench()
        bench.run(A, count=10_000_000)

        (generate,) = bench.decide()
        assert isinstance(generate, Generate)
        bench.made(generate, lambda work: heavy(work, WEIGHT))
        deliver = bench.expect(Deliver)
        bench.now += 10 * SECOND
        assert bench.decide() == [], "what is under way counts as well"
        bench.commit(deliver)
        assert bench.decide() != []

    def test_half_of_the_memory_is_filled_while_the_other_half_is_delivered(self) -> None:
        bench = Bench()
        bench.run(A, count=10_000_000)
        for _ in range(2):
            generate = bench.expect(Generate)
            assert generate.room == WEIGHT // 4
            bench.shard.generated([heavy(generate.works[0], WEIGHT // 4)], bench.now)
        deliver, generate = sorted(bench.decide(), key=lambda i: isinstance(i, Generate))
        assert isinstance(deliver, Deliver)
        assert isinstance(generate, Generate)
        bench.shard.generated([heavy(generate.works[0], WEIGHT // 2)], bench.now)
        assert bench.decide() == [], "all of the memory is in use"

    def test_what_more_than_half_of_the_memory_leaves_is_enough_for_the_next_one(self) -> None:
        bench = Bench()
        bench.run(A, count=10_000_000)
        generate = bench.expect(Generate)
        bench.shard.generated([heavy(generate.works[0], WEIGHT * 6 // 10)], bench.now)
        first, generate = sorted(bench.decide(), key=lambda i: isinstance(i, Generate))
        bench.shard.generated([heavy(generate.works[0], WEIGHT - WEIGHT * 6 // 10)], bench.now)
        assert bench.decide() == [], "all of the memory is in use"
        bench.commit(first)
        assert any(isinstance(instruction, Deliver) for instruction in bench.decide())

    def test_the_next_small_transaction_gathers_what_becomes_due_meanwhile(self) -> None:
        bench = Bench()
        bench.run(A, B, interval=10 * MS)
        deliver = bench.next_delivery()
        began = bench.now
        bench.now += 15 * MS
        bench.commit(deliver)
        again = bench.next_delivery()
        assert bench.now == began + SHARE * 15 * MS
        assert {d.flow.key for d in again.deliveries} == {A, B}
        assert all(d.batches[-1].next == 10 * 7 for d in again.deliveries), "six ticks more each"

    def test_a_tick_alone_waits_for_nothing(self) -> None:
        bench = Bench()
        bench.run(A, interval=100 * MS)
        for tick in range(4):
            deliver = bench.next_delivery()
            assert bench.now == bench.paces[A].segments[0].t0 + tick * 100 * MS
            bench.now += 15 * MS
            bench.commit(deliver)

    def test_however_long_a_transaction_took_the_next_one_waits_no_longer_than_it_may(self) -> None:
        bench = Bench()
        bench.run(A, interval=10 * MS)
        deliver = bench.next_delivery()
        began = bench.now
        bench.now += 70 * MS
        bench.commit(deliver)
        bench.next_delivery()
        assert bench.now == began + REST_NS


def heavy(work: Work, weight: int) -> Made:
    """Ten events that hold on to so many bytes."""
    times = work.timetable.scheduled(work.first, 10).tolist()
    return Made(work, fake_batch(work.first, times), weight=weight)


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "least"),
        [(DestinationUnavailableError("x"), 0), (FencedError("x"), FENCED_NS)],
    )
    def test_a_lost_connection_is_closed_and_opened_again_later(
        self, error: Exception, least: int
    ) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        bench.shard.failed(error, bench.now, 0.5)  # type: ignore[arg-type]
        assert [w.keys for w in bench.heard(Waiting)] == [(A,)]
        bench.expect(Close)
        bench.shard.closed()
        lost = bench.now
        while not (decided := bench.decide()):
            wake = bench.shard.wake_at()
            assert wake is not None
            bench.now = wake
        assert isinstance(decided[0], Open)
        assert lost + least < bench.now <= lost + least + CAP_NS
        bench.shard.opened("exactly-once")
        bench.read()
        bench.prepare()
        work = bench.expect(Generate).works[0]
        assert work.first == 0

    def test_outages_back_off_up_to_a_cap(self) -> None:
        bench = Bench()
        bench.assign(A)
        waits = []
        for _ in range(12):
            bench.expect(Open)
            bench.shard.failed(DestinationUnavailableError("x"), bench.now, 0.99)
            bench.expect(Close)
            bench.shard.closed()
            wake = bench.shard.wake_at()
            assert wake is not None
            waits.append(wake - bench.now)
            bench.now = wake
        assert waits == sorted(waits)
        assert waits[0] <= 100 * MS
        assert CAP_NS * 0.9 < waits[-1] <= CAP_NS

    def test_a_raising_event_stops_its_generator_after_those_before_it(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate), raising(4))
        bench.made(bench.expect(Generate), raising(4))
        bench.commit(bench.expect(Deliver))
        (failed,) = bench.heard(Failed)
        assert failed.position is not None
        assert failed.position.next == 4
        assert isinstance(failed.error, EvaluationError)
        assert bench.shard.keys == ()

    def test_or_is_passed_over_where_asked(self) -> None:
        bench = Bench()
        bench.run(A, on_error=OnError.SKIP)
        for _ in range(3):
            bench.made(bench.expect(Generate), raising(4))
        bench.commit(bench.expect(Deliver))
        assert [s.index for s in bench.heard(Skipped)] == [4]
        assert bench.positions[A].next == 10
        assert bench.positions[A].skipped == 1

    def test_an_error_of_the_whole_template_is_never_passed_over(self) -> None:
        bench = Bench()
        bench.run(A, on_error=OnError.SKIP)
        (work,) = bench.expect(Generate).works
        bench.shard.generated([Made(work, error=TemplateError("no engine"))], bench.now)
        assert [f.key for f in bench.heard(Failed)] == [A]

    def test_a_skipped_index_emits_nothing(self) -> None:
        bench = Bench()
        bench.run(A, skip=frozenset({0, 3}))
        bench.made(bench.expect(Generate))
        bench.made(bench.expect(Generate))
        deliver = bench.expect(Deliver)
        rows = [int(i) for b in deliver.deliveries[0].batches for i in b.index]
        assert rows == [1, 2, 4, 5, 6, 7, 8, 9]
        bench.commit(deliver)
        assert bench.positions[A] == Position(next=10, skipped=2, bytes=16)

    def test_a_refused_event_fails_after_those_before_it_are_delivered(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        refusal = DestinationRejectedError("too large", index=6)
        bench.shard.delivered(Outcome({}, {A: refusal}), bench.now)
        work = bench.expect(Generate).works[0]
        assert (work.first, work.count) == (0, 6)
        bench.made(Generate((work,), 0))
        bench.commit(bench.expect(Deliver))
        (failed,) = bench.heard(Failed)
        assert failed.error is refusal
        assert bench.positions[A].next == 6

    def test_a_refusal_without_an_index_fails_at_once(self) -> None:
        bench = Bench()
        bench.run(A, on_error=OnError.SKIP)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        bench.shard.delivered(Outcome({}, {A: DestinationRejectedError("no right")}), bench.now)
        assert [f.key for f in bench.heard(Failed)] == [A]

    def test_a_target_that_cannot_be_prepared_now_waits_alone(self) -> None:
        bench = Bench()
        bench.assign(A)
        bench.assign(B)
        bench.open()
        bench.read()
        bench.expect(Prepare)
        bench.shard.failed(DestinationUnavailableError("locked"), bench.now, 0.5)
        bench.expect(Close)
        bench.shard.closed()
        wake = bench.shard.wake_at()
        assert wake is not None
        bench.now = wake
        bench.open()
        bench.read()
        prepare = bench.expect(Prepare)
        first = prepare.flow.key
        bench.shard.prepared(bench.now)
        assert first in {A, B}
        assert any(isinstance(i, Generate) for i in bench.decide())

    def test_a_refused_target_fails_alone(self) -> None:
        bench = Bench()
        bench.assign(A)
        bench.assign(B)
        bench.open()
        bench.read()
        bench.expect(Prepare)
        bench.shard.failed(DestinationRejectedError("no right"), bench.now, 0.5)
        assert [f.key for f in bench.heard(Failed)] == [A]
        assert bench.expect(Prepare).flow.key == B


class TestLettingGo:
    def test_at_once_where_nothing_is_under_way(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.shard.withdraw(A, bench.now)
        assert bench.heard(Withdrawn) == [Withdrawn(A, Position())]

    def test_after_the_commit_under_way(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        deliver = bench.expect(Deliver)
        bench.shard.withdraw(A, bench.now)
        assert bench.heard(Withdrawn) == []
        bench.commit(deliver)
        assert bench.heard(Withdrawn) == [Withdrawn(A, Position(next=10, bytes=20))]

    def test_after_the_next_opening_where_the_outcome_is_unknown(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        bench.shard.withdraw(A, bench.now)
        bench.shard.failed(UnknownOutcomeError("x"), bench.now, 0.5)
        bench.expect(Close)
        bench.shard.closed()
        assert bench.heard(Withdrawn) == []
        bench.now += SECOND
        bench.positions[A] = Position(next=10)
        bench.open()
        bench.read()
        assert bench.heard(Withdrawn) == [Withdrawn(A, Position(next=10))]

    def test_after_the_next_opening_where_another_owner_fenced_this_one(self) -> None:
        """The other has all generators, those too that this one had nothing of under way."""
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.expect(Deliver)
        bench.assign(B)
        bench.shard.failed(FencedError("x"), bench.now, 0.5)
        bench.shard.withdraw(B, bench.now)
        bench.expect(Close)
        bench.shard.closed()
        assert bench.heard(Withdrawn) == []
        bench.now += 2 * FENCED_NS
        bench.positions[B] = Position(next=7)
        bench.open()
        bench.read()
        assert bench.heard(Withdrawn) == [Withdrawn(B, Position(next=7))]

    def test_after_opening_where_an_earlier_owner_may_have_left_something(self) -> None:
        bench = Bench()
        bench.assign(A, doubtful=True)
        bench.shard.withdraw(A, bench.now)
        assert bench.heard(Withdrawn) == []
        bench.open()
        bench.read()
        assert bench.heard(Withdrawn) == [Withdrawn(A, Position())]

    def test_events_still_being_made_are_dropped(self) -> None:
        bench = Bench()
        bench.run(A)
        generate = bench.expect(Generate)
        bench.shard.withdraw(A, bench.now)
        bench.assign(A)
        bench.made(generate)
        bench.read()
        bench.prepare()
        work = bench.expect(Generate).works[0]
        assert (work.first, work.count) == (0, 10)

    def test_who_is_not_there_is_let_go_of(self) -> None:
        bench = Bench()
        bench.shard.withdraw(A, bench.now)
        assert bench.heard(Withdrawn) == [Withdrawn(A, None)]


class TestEnds:
    def test_a_limit_is_never_passed_and_reported(self) -> None:
        bench = Bench()
        bench.assign(A, count=100)
        bench.open()
        bench.expect(ReadPositions)
        bench.shard.positions_read({}, bench.now)
        bench.shard.go(A, bench.paces[A], limit=42)
        bench.prepare()
        bench.made(bench.expect(Generate))
        bench.commit(bench.expect(Deliver))
        (finished,) = bench.heard(Finished)
        assert finished.position.next == 42

    def test_finish_delivers_what_is_made(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.shard.finish(A)
        bench.commit(bench.expect(Deliver))
        assert [f.position.next for f in bench.heard(Finished)] == [10]

    def test_an_idle_connection_is_closed_after_a_while(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.shard.withdraw(A, bench.now)
        assert bench.decide() == []
        assert bench.shard.wake_at() == bench.now + IDLE_NS
        bench.now += IDLE_NS
        bench.expect(Close)

    def test_stop_waits_for_the_commit_under_way_and_closes(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        deliver = bench.expect(Deliver)
        bench.shard.stop()
        bench.now += SECOND
        assert bench.decide() == []
        bench.commit(deliver)
        bench.expect(Close)
        assert not bench.shard.stopped
        bench.shard.closed()
        assert bench.shard.stopped


class TestChecks:
    def test_are_answered_and_make_nothing(self) -> None:
        bench = Bench()
        bench.shard.check(5, Flow(A, ConsoleTarget()))
        bench.open()
        assert bench.expect(Check).token == 5
        bench.shard.checked(bench.now)
        assert bench.heard(Checked) == [Checked(5, None)]
        assert bench.shard.keys == ()

    def test_are_answered_with_the_outage(self) -> None:
        bench = Bench()
        bench.shard.check(5, Flow(A, ConsoleTarget()))
        bench.expect(Open)
        outage = DestinationUnavailableError("gone")
        bench.shard.failed(outage, bench.now, 0.5)
        assert bench.heard(Checked) == [Checked(5, outage)]

    def test_a_refusal_leaves_the_connection_alone(self) -> None:
        bench = Bench()
        bench.run(A)
        bench.made(bench.expect(Generate))
        bench.commit(bench.expect(Deliver))
        bench.shard.check(5, Flow(B, ConsoleTarget()))
        bench.expect(Check)
        bench.shard.failed(DestinationRejectedError("no"), bench.now, 0.5)
        assert [c.token for c in bench.heard(Checked)] == [5]
        assert bench.decide() == []
        assert bench.heard(Waiting) == []


class TestIsolation:
    """One generator never holds up the others."""

    def load(self, bench: Bench) -> Deliver:
        """Makes what is due and returns the delivery that follows."""
        if isinstance(bench.shard._io, Deliver):
            return bench.shard._io
        for _ in range(20):
            for instruction in bench.decide():
                if isinstance(instruction, Deliver):
                    return instruction
                if isinstance(instruction, Prepare):
                    bench.shard.prepared(bench.now)
                else:
                    assert isinstance(instruction, Generate)
                    bench.made(instruction)
        raise AssertionError("nothing is delivered")

    def reject(self, bench: Bench, deliver: Deliver, key: PositionKey, error: Exception) -> None:
        committed = {
            d.flow.key: advance(bench.positions.get(d.flow.key, Position()), d.batches)
            for d in deliver.deliveries
            if d.flow.key != key
        }
        bench.positions.update(committed)
        bench.shard.delivered(Outcome(committed, {key: error}), bench.now, 0.5)  # type: ignore[dict-item]

    def reconnect(self, bench: Bench) -> list[PositionKey]:
        """Opens the next connection; the generators that are prepared at once."""
        bench.expect(Close)
        bench.shard.closed()
        while not (decided := bench.decide()):
            wake = bench.shard.wake_at()
            assert wake is not None
            bench.now = wake
        assert isinstance(decided[0], Open)
        bench.shard.opened("exactly-once")
        bench.read()
        prepared = []
        while instructions := bench.decide():
            for instruction in instructions:
                if isinstance(instruction, Prepare):
                    prepared.append(instruction.flow.key)
                    bench.shard.prepared(bench.now)
                elif isinstance(instruction, Generate):
                    bench.made(instruction)
        return prepared

    def test_a_target_that_is_away_is_waited_for_alone(self) -> None:
        bench = Bench()
        bench.run(A, B, count=10)
        error = TargetUnavailableError("no leader")
        self.reject(bench, self.load(bench), A, error)
        assert bench.heard(Suspended) == [Suspended(A, error)]
        assert bench.heard(Failed) == []
        bench.now += SECOND
        keys = [{d.flow.key for d in self.load(bench).deliveries}]
        bench.commit(Deliver(bench.shard._io.deliveries))  # type: ignore[union-attr]
        keys.append({d.flow.key for d in self.load(bench).deliveries})
        assert sorted(map(len, keys)) == [1, 1], "never together"
        assert set().union(*keys) == {A, B}

    def test_a_suspect_that_goes_well_runs_with_the_others_again(self) -> None:
        bench = Bench()
        bench.run(A, B, count=10)
        self.reject(bench, self.load(bench), A, TargetUnavailableError("no leader"))
        for _ in range(2):
            bench.now += SECOND
            for _ in range(2):
                deliver = self.load(bench)
                bench.commit(deliver)
                if bench.shard._flows.loaded is False:
                    break
        assert bench.heard(Running)[-1] == Running(A)
        bench.now += SECOND
        assert {d.flow.key for d in self.load(bench).deliveries} == {A, B}

    @pytest.mark.parametrize("skip", [{0}, {0, 1, 2, 3}])
    def test_a_suspect_whose_next_event_emits_nothing_goes_on(self, skip: set[int]) -> None:
        bench = Bench()
        bench.run(A, count=4, interval=60 * SECOND, skip=frozenset(skip))
        self.reject(bench, self.load(bench), A, TargetUnavailableError("no leader"))
        bench.now += SECOND
        while bench.positions.get(A, Position()).next != 4:
            bench.commit(self.load(bench))
        assert bench.heard(Running)[-1] == Running(A)

    def test_whoever_spends_the_connection_is_left_out_of_the_next(self) -> None:
        bench = Bench()
        bench.run(A, B, count=10)
        self.load(bench)
        error = DestinationUnavailableError("no answer", suspects={A})
        bench.shard.failed(error, bench.now, 0.5)
        assert bench.heard(Suspended) == [Suspended(A, error)]
        assert [w.keys for w in bench.heard(Waiting)] == [(B,)]
        lost = bench.now
        assert self.reconnect(bench) == [B]
        assert {d.flow.key for d in self.load(bench).deliveries} == {B}
        assert bench.now - lost < SECOND
        bench.commit(Deliver(bench.shard._io.deliveries))  # type: ignore[union-attr]
        bench.now = lost + COSTLY_BASE_NS
        prepares = [i for i in bench.decide() if isinstance(i, Prepare)]
        assert [p.flow.key for p in prepares] == [A]

    def test_a_fault_without_a_name_is_found_in_few_rounds(self) -> None:
        """Whichever transaction holds A fails; nothing says why."""
        bench = Bench()
        keys = [PositionKey(1, number, 1) for number in range(16)]
        bench.run(*keys, count=1)
        bad, rounds = keys[5], 0
        while not bench.heard(Suspended):
            deliver = self.load(bench)
            if bad in {d.flow.key for d in deliver.deliveries}:
                rounds += 1
                bench.shard.failed(DestinationUnavailableError("?"), bench.now, 0.5)
                self.reconnect(bench)
            else:
                bench.commit(deliver)
        assert [s.key for s in bench.heard(Suspended)] == [bad]
        assert rounds <= 5

    def test_a_slow_destination_gets_less_at_a_time(self) -> None:
        bench = Bench()
        bench.run(A, count=1000)
        sizes = []
        for _ in range(6):
            deliver = self.load(bench)
            sizes.append(sum(b.count for d in deliver.deliveries for b in d.batches))
            bench.now += 2 * SLOW_NS
            bench.commit(deliver)
        assert sizes[1:] == sorted(sizes[1:], reverse=True)
        assert sizes[-1] * 4 <= sizes[0]

    def test_and_more_again_as_soon_as_it_is_quick(self) -> None:
        bench = Bench()
        bench.run(A, count=100_000)
        dose = bench.shard._dose
        dose.events = 8
        for _ in range(20):
            bench.commit(self.load(bench))
            if bench.positions[A].next == 100_000:
                return
        raise AssertionError(bench.positions[A])

    def test_a_right_that_was_taken_away_is_waited_for(self) -> None:
        """At first contact the same refusal ends the generator."""
        for before, kind in ((0, Failed), (10, Suspended)):
            bench = Bench()
            bench.positions[A] = Position(next=before)
            bench.run(A, count=before + 10)
            self.reject(bench, self.load(bench), A, DestinationRejectedError("denied"))
            assert len(bench.heard(kind)) == 1

    def test_a_target_away_at_first_contact_costs_nobody_the_connection(self) -> None:
        bench = Bench()
        bench.assign(A)
        bench.open()
        bench.read()
        bench.expect(Prepare)
        error = TargetUnavailableError("no leader")
        bench.shard.failed(error, bench.now, 0.5)
        assert bench.heard(Suspended) == [Suspended(A, error)]
        assert bench.decide() == []
        bench.now += CAP_NS
        bench.prepare()
        bench.expect(Generate)


def test_stopping_delivers_what_is_made() -> None:
    bench = Bench()
    bench.run(A)
    generate = bench.expect(Generate)
    bench.shard.stop()
    assert bench.decide() == [], "what is being made belongs to it"
    bench.made(generate)
    bench.commit(bench.expect(Deliver))
    bench.now += SECOND
    bench.expect(Close)
    bench.shard.closed()
    assert bench.shard.stopped


def test_a_commit_says_where_the_time_went() -> None:
    bench = Bench()
    bench.run(A)
    generate = bench.expect(Generate)
    bench.now += 30 * MS
    bench.made(generate)
    deliver = bench.expect(Deliver)
    bench.now += 50 * MS
    committed = {A: advance(Position(), deliver.deliveries[0].batches)}
    bench.shard.delivered(Outcome(committed, encoding=50 * MS, waiting=20 * MS), bench.now)
    (report,) = bench.heard(Committed)
    assert report.spent == Spent(30 * MS, 50 * MS, 30 * MS)
