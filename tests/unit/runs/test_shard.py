"""The decisions of a shard, step by step, on a clock that the test sets."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from eventer.core.batch import advance_position
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EvaluationError,
    FencedError,
    TargetUnavailableError,
    TemplateError,
    UnknownOutcomeError,
)
from eventer.core.model import ConsoleTarget, GeneratorSpec, OnError, Position, PositionKey, Segment
from eventer.core.pace import ticks
from eventer.destinations.base import DeliveryOutcome, Flow
from eventer.destinations.commit_policy import AS_SOON_AS_POSSIBLE, MAX_BUFFERED_BYTES, CommitPolicy
from eventer.runs.assignment import Assignment
from eventer.runs.backoff import CAP_NS, COSTLY_BASE_NS, FENCED_NS, RETRY_NS
from eventer.runs.batch_limiter import SLOW_NS
from eventer.runs.commit_throttle import COMMIT_WINDOW_NS, MAX_PAUSE_NS, TIME_SHARE_DIVISOR
from eventer.runs.connection_state import IDLE_NS
from eventer.runs.generation_lane import GATHER_NS, MAX_REQUESTS
from eventer.runs.pacing import Pace
from eventer.runs.shard import Shard
from eventer.runs.shard_messages import (
    Check,
    CheckCompleted,
    Close,
    Deliver,
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    FlowRunning,
    FlowSuspended,
    FlowsWaiting,
    FlowWithdrawn,
    Generate,
    GenerationRequest,
    GenerationResult,
    Open,
    PositionRead,
    Prepare,
    ReadPositions,
    ShardReport,
    StageTimes,
    TransactionCommitted,
)
from tests.unit.runs.simulation import MS, RECIPE, SECOND, fake_batch

T0 = 1_700_000_000 * SECOND
A, B = PositionKey(1, 1, 1), PositionKey(1, 2, 1)
_I = TypeVar("_I")


class ShardDriver:
    """A shard, and methods that carry out its instructions."""

    def __init__(self, policy: CommitPolicy = AS_SOON_AS_POSSIBLE) -> None:
        self.now = T0
        self.shard = Shard(policy)
        self.reports: list[ShardReport] = []
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
        outcome_unknown: bool = False,
        poison_index: int | None = None,
    ) -> None:
        self.paces[key] = Pace([Segment(self.now, 0, ticks(count, interval))])
        self.shard.assign(
            Assignment(
                key,
                GeneratorSpec(RECIPE, ConsoleTarget(), on_error=on_error),
                skip,
                outcome_unknown=outcome_unknown,
                poison_index=poison_index,
            )
        )

    def next_delivery(self) -> Deliver:
        """Generates due events and waits until a delivery starts."""
        while True:
            for instruction in self.decide():
                if isinstance(instruction, Deliver):
                    return instruction
                assert isinstance(instruction, Generate)
                self.generated(instruction)
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
        """The only instruction of the next decision."""
        (instruction,) = self.decide()
        assert isinstance(instruction, kind)
        return instruction

    def reports_of(self, kind: type[_I]) -> list[_I]:
        self.reports += self.shard.take_reports()
        return [report for report in self.reports if isinstance(report, kind)]

    def open(self) -> None:
        self.expect(Open)
        self.shard.connection.opened("exactly-once")

    def read(self) -> None:
        keys = self.expect(ReadPositions).keys
        self.shard.connection.positions_read(
            {key: self.positions[key] for key in keys if key in self.positions}, self.now
        )
        for report in self.reports_of(PositionRead):
            self.shard.resume(report.key, self.paces[report.key])

    def prepare(self) -> None:
        self.expect(Prepare)
        self.shard.connection.prepared(self.now)

    def run(self, *keys: PositionKey, **options: object) -> None:
        """Prepares generators until their first events are due."""
        for key in keys:
            self.assign(key, **options)  # type: ignore[arg-type]
        self.open()
        self.read()
        for number in range(len(keys)):
            instructions = self.decide()
            prepares = [i for i in instructions if isinstance(i, Prepare)]
            assert len(prepares) == 1, f"generator {number} is prepared"
            self.shard.connection.prepared(self.now)
            for generate in instructions:
                if isinstance(generate, Generate):
                    self.generated(generate)

    def generated(
        self,
        generate: Generate,
        make: Callable[[GenerationRequest], GenerationResult] | None = None,
    ) -> None:
        self.shard.generation.generated(
            [(make or complete_result)(request) for request in generate.requests], self.now
        )

    def commit(self, deliver: Deliver) -> None:
        committed = {
            d.flow.key: advance_position(self.positions.get(d.flow.key, Position()), d.batches)
            for d in deliver.deliveries
        }
        self.positions.update(committed)
        self.shard.connection.delivered(DeliveryOutcome(committed), self.now)


def complete_result(request: GenerationRequest) -> GenerationResult:
    times = request.timetable.scheduled(request.first, request.count).tolist()
    return GenerationResult(request, fake_batch(request.first, times), retained_bytes=request.count)


def raising(index: int) -> Callable[[GenerationRequest], GenerationResult]:
    def make(request: GenerationRequest) -> GenerationResult:
        if request.first == index:
            error = EvaluationError("boom")
            error.index = index
            return GenerationResult(request, error=error)
        times = request.timetable.scheduled(request.first, request.count).tolist()
        return GenerationResult(
            request, fake_batch(request.first, times[: max(0, index - request.first)] or times)
        )

    return make


class TestLifecycle:
    def test_from_assignment_to_commit(self) -> None:
        driver = ShardDriver()
        assert driver.decide() == []
        driver.assign(A)
        driver.open()
        driver.read()
        driver.prepare()
        assert driver.reports_of(FlowRunning) == [FlowRunning(A)]
        driver.generated(driver.expect(Generate))
        deliver = driver.expect(Deliver)
        assert [b.count for b in deliver.deliveries[0].batches] == [10]
        driver.commit(deliver)
        (committed,) = driver.reports_of(TransactionCommitted)
        assert committed.positions[A].next == 10
        assert driver.decide() == []
        assert driver.shard.wake_at() == T0 + SECOND

    def test_a_flow_continues_at_its_read_position(self) -> None:
        driver = ShardDriver()
        driver.positions[A] = Position(next=7)
        driver.run(A)
        request = driver.expect(Generate).requests[0]
        assert (request.first, request.count) == (7, 3)

    def test_nothing_is_generated_before_resume(self) -> None:
        driver = ShardDriver()
        driver.assign(A)
        driver.open()
        keys = driver.expect(ReadPositions).keys
        driver.shard.connection.positions_read({}, driver.now)
        assert keys == (A,)
        driver.now += 10 * SECOND
        assert driver.decide() == []

    def test_a_poison_event_waits_until_all_before_it_is_committed(self) -> None:
        driver = ShardDriver()
        driver.positions[A] = Position(next=3)
        driver.run(A, poison_index=7)
        generate = driver.expect(Generate)
        assert [(request.first, request.count) for request in generate.requests] == [(3, 4)]
        driver.generated(generate)
        deliver = driver.expect(Deliver)
        assert driver.decide() == [], "events 7 to 9 are due, too"
        driver.commit(deliver)
        (request,) = driver.expect(Generate).requests
        assert (request.first, request.count) == (7, 3)

    def test_events_wait_at_the_gate_and_take_no_time_or_memory(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.shard.set_gate(A, T0 + 2 * SECOND, driver.now)
        driver.now += 10 * SECOND
        (request,) = driver.expect(Generate).requests
        assert (request.first, request.count) == (0, 20)
        driver.generated(Generate((request,), 1 << 20))
        driver.commit(driver.expect(Deliver))
        assert driver.decide() == []
        assert driver.shard.wake_at() is None
        driver.shard.set_gate(A, T0 + 2 * SECOND + 1, driver.now)
        (request,) = driver.expect(Generate).requests
        assert (request.first, request.count) == (20, 10)


class TestGathering:
    def test_flows_whose_targets_are_prepared_one_after_another_generate_together(self) -> None:
        driver = ShardDriver()
        for key in (A, B):
            driver.assign(key)
        driver.open()
        driver.read()
        driver.prepare()
        driver.prepare()
        assert [r.assignment.key for r in driver.expect(Generate).requests] == [A, B]

    def test_a_slow_preparation_holds_up_others_for_a_limited_time(self) -> None:
        driver = ShardDriver()
        for key in (A, B):
            driver.assign(key)
        driver.open()
        driver.read()
        driver.prepare()
        driver.expect(Prepare)
        assert driver.shard.wake_at() == T0 + GATHER_NS
        driver.now += GATHER_NS
        assert [r.assignment.key for r in driver.expect(Generate).requests] == [A]
        assert driver.shard.wake_at() is None, "B is not prepared, and A is being generated"

    def test_a_full_slice_waits_for_no_others(self) -> None:
        driver = ShardDriver()
        for number in range(MAX_REQUESTS + 2):
            driver.assign(PositionKey(1, number, 1))
        driver.open()
        driver.read()
        for _ in range(MAX_REQUESTS):
            driver.prepare()
        generate = driver.decide()[0]
        assert isinstance(generate, Generate)
        assert len(generate.requests) == MAX_REQUESTS


class TestWindow:
    def test_one_transaction_holds_all_that_is_due_together(self) -> None:
        driver = ShardDriver()
        driver.run(A, B, interval=SECOND)
        while (instructions := driver.decide()) and isinstance(instructions[0], Generate):
            driver.generated(instructions[0])
        (deliver,) = instructions
        assert isinstance(deliver, Deliver)
        assert {d.flow.key for d in deliver.deliveries} == {A, B}

    def test_under_load_it_commits_after_the_window(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=10_000_000)
        began = driver.now
        instructions = driver.decide()
        while len(instructions) == 1:
            assert driver.now < began + COMMIT_WINDOW_NS + 50 * MS
            assert isinstance(instructions[0], Generate)
            driver.now += 20 * MS
            driver.generated(instructions[0])
            instructions = driver.decide()
        assert driver.now >= began + COMMIT_WINDOW_NS
        assert {type(i) for i in instructions} == {Generate, Deliver}

    def test_with_an_interval_events_wait_for_those_of_the_interval(self) -> None:
        driver = ShardDriver(CommitPolicy(interval_ns=10 * SECOND))
        driver.run(A, count=1)
        began, deliver = driver.now, None
        while deliver is None:
            assert driver.now <= began + 10 * SECOND
            decided = driver.decide()
            deliver = next((each for each in decided if isinstance(each, Deliver)), None)
            for each in decided:
                if isinstance(each, Generate):
                    driver.generated(each)
            if not decided:
                at = driver.shard.wake_at()
                assert at is not None
                assert at > driver.now
                driver.now = at
        (delivery,) = deliver.deliveries
        assert driver.now == began + 10 * SECOND
        assert (delivery.batches[0].first, delivery.batches[-1].next) == (0, 10)

    def test_with_an_interval_a_third_of_the_memory_is_committed_at_once(self) -> None:
        driver = ShardDriver(CommitPolicy(10 * SECOND, 3_000))
        driver.run(A, count=10_000_000)
        driver.generated(driver.expect(Generate), lambda request: result_of_size(request, 1_000))
        began = driver.now
        assert any(isinstance(each, Deliver) for each in driver.decide())
        assert driver.now == began

    def test_with_an_interval_the_last_events_are_committed_at_once(self) -> None:
        driver = ShardDriver(CommitPolicy(interval_ns=10 * SECOND))
        driver.run(A, count=1)
        driver.generated(driver.expect(Generate))
        began = driver.now
        assert driver.decide() == []
        driver.shard.finish(A)
        driver.expect(Deliver)
        assert driver.now == began

    def test_events_are_made_while_the_last_ones_are_committed(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        driver.now += SECOND
        driver.expect(Generate)

    def test_memory_is_bounded_while_a_commit_takes_long(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=10_000_000)

        (generate,) = driver.decide()
        assert isinstance(generate, Generate)
        driver.generated(generate, lambda request: result_of_size(request, MAX_BUFFERED_BYTES))
        deliver = driver.expect(Deliver)
        driver.now += 10 * SECOND
        assert driver.decide() == [], "what is under way counts as well"
        driver.commit(deliver)
        assert driver.decide() != []

    def test_half_of_the_memory_is_filled_while_the_other_half_is_delivered(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=10_000_000)
        for _ in range(2):
            generate = driver.expect(Generate)
            assert generate.byte_budget == MAX_BUFFERED_BYTES // 4
            driver.shard.generation.generated(
                [result_of_size(generate.requests[0], MAX_BUFFERED_BYTES // 4)], driver.now
            )
        deliver, generate = sorted(driver.decide(), key=lambda i: isinstance(i, Generate))
        assert isinstance(deliver, Deliver)
        assert isinstance(generate, Generate)
        driver.shard.generation.generated(
            [result_of_size(generate.requests[0], MAX_BUFFERED_BYTES // 2)], driver.now
        )
        assert driver.decide() == [], "all of the memory is in use"

    def test_the_remaining_memory_is_enough_for_the_next_batch(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=10_000_000)
        generate = driver.expect(Generate)
        driver.shard.generation.generated(
            [result_of_size(generate.requests[0], MAX_BUFFERED_BYTES * 6 // 10)], driver.now
        )
        first, generate = sorted(driver.decide(), key=lambda i: isinstance(i, Generate))
        driver.shard.generation.generated(
            [
                result_of_size(
                    generate.requests[0], MAX_BUFFERED_BYTES - MAX_BUFFERED_BYTES * 6 // 10
                )
            ],
            driver.now,
        )
        assert driver.decide() == [], "all of the memory is in use"
        driver.commit(first)
        assert any(isinstance(instruction, Deliver) for instruction in driver.decide())

    def test_the_next_small_transaction_gathers_what_becomes_due_meanwhile(self) -> None:
        driver = ShardDriver()
        driver.run(A, B, interval=10 * MS)
        deliver = driver.next_delivery()
        began = driver.now
        driver.now += 15 * MS
        driver.commit(deliver)
        again = driver.next_delivery()
        assert driver.now == began + TIME_SHARE_DIVISOR * 15 * MS
        assert {d.flow.key for d in again.deliveries} == {A, B}
        assert all(d.batches[-1].next == 10 * 7 for d in again.deliveries), "six ticks more each"

    def test_a_single_tick_is_committed_at_once(self) -> None:
        driver = ShardDriver()
        driver.run(A, interval=100 * MS)
        for tick in range(4):
            deliver = driver.next_delivery()
            assert driver.now == driver.paces[A].segments[0].t0 + tick * 100 * MS
            driver.now += 15 * MS
            driver.commit(deliver)

    def test_the_pause_after_a_long_transaction_has_a_limit(self) -> None:
        driver = ShardDriver()
        driver.run(A, interval=10 * MS)
        deliver = driver.next_delivery()
        began = driver.now
        driver.now += 70 * MS
        driver.commit(deliver)
        driver.next_delivery()
        assert driver.now == began + MAX_PAUSE_NS


def result_of_size(request: GenerationRequest, retained_bytes: int) -> GenerationResult:
    """A result of ten events that retain this number of bytes."""
    times = request.timetable.scheduled(request.first, 10).tolist()
    return GenerationResult(
        request, fake_batch(request.first, times), retained_bytes=retained_bytes
    )


class TestFailures:
    @pytest.mark.parametrize(
        ("error", "least"),
        [(DestinationUnavailableError("x"), 0), (FencedError("x"), FENCED_NS)],
    )
    def test_a_lost_connection_is_closed_and_opened_again_later(
        self, error: Exception, least: int
    ) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        driver.shard.connection.failed(error, driver.now, 0.5)  # type: ignore[arg-type]
        assert [w.keys for w in driver.reports_of(FlowsWaiting)] == [(A,)]
        driver.expect(Close)
        driver.shard.connection.closed()
        lost = driver.now
        while not (decided := driver.decide()):
            wake = driver.shard.wake_at()
            assert wake is not None
            driver.now = wake
        assert isinstance(decided[0], Open)
        assert lost + least < driver.now <= lost + least + CAP_NS
        driver.shard.connection.opened("exactly-once")
        driver.read()
        driver.prepare()
        request = driver.expect(Generate).requests[0]
        assert request.first == 0

    def test_outages_back_off_up_to_a_cap(self) -> None:
        driver = ShardDriver()
        driver.assign(A)
        waits = []
        for _ in range(12):
            driver.expect(Open)
            driver.shard.connection.failed(DestinationUnavailableError("x"), driver.now, 0.99)
            driver.expect(Close)
            driver.shard.connection.closed()
            wake = driver.shard.wake_at()
            assert wake is not None
            waits.append(wake - driver.now)
            driver.now = wake
        assert waits == sorted(waits)
        assert waits[0] <= 100 * MS
        assert CAP_NS * 0.9 < waits[-1] <= CAP_NS

    def test_a_raising_event_stops_its_generator_after_those_before_it(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate), raising(4))
        driver.generated(driver.expect(Generate), raising(4))
        driver.commit(driver.expect(Deliver))
        (failed,) = driver.reports_of(FlowFailed)
        assert failed.position is not None
        assert failed.position.next == 4
        assert isinstance(failed.error, EvaluationError)
        assert driver.shard.keys == ()

    def test_a_raising_event_is_skipped_if_on_error_is_skip(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.SKIP)
        for _ in range(3):
            driver.generated(driver.expect(Generate), raising(4))
        driver.commit(driver.expect(Deliver))
        assert [s.first[0][0] for s in driver.reports_of(EventsSkipped)] == [4]
        assert driver.positions[A].next == 10
        assert driver.positions[A].skipped == 1

    def test_an_error_of_the_whole_template_is_never_skipped(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.SKIP)
        (request,) = driver.expect(Generate).requests
        driver.shard.generation.generated(
            [GenerationResult(request, error=TemplateError("no engine"))], driver.now
        )
        assert [f.key for f in driver.reports_of(FlowFailed)] == [A]

    def test_a_skipped_index_emits_nothing(self) -> None:
        driver = ShardDriver()
        driver.run(A, skip=frozenset({0, 3}))
        driver.generated(driver.expect(Generate))
        driver.generated(driver.expect(Generate))
        deliver = driver.expect(Deliver)
        rows = [int(i) for b in deliver.deliveries[0].batches for i in b.index]
        assert rows == [1, 2, 4, 5, 6, 7, 8, 9]
        driver.commit(deliver)
        assert driver.positions[A] == Position(next=10, skipped=2, bytes=16)

    def test_a_refused_event_fails_after_those_before_it_are_delivered(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        refusal = DestinationRejectedError("too large", index=6)
        driver.shard.connection.delivered(DeliveryOutcome({}, {A: refusal}), driver.now)
        request = driver.expect(Generate).requests[0]
        assert (request.first, request.count) == (0, 6)
        driver.generated(Generate((request,), 0))
        driver.commit(driver.expect(Deliver))
        (failed,) = driver.reports_of(FlowFailed)
        assert failed.error is refusal
        assert driver.positions[A].next == 6

    def test_refused_events_are_reported_and_not_counted_as_committed(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.SKIP, count=30)
        driver.generated(driver.expect(Generate))
        (delivery,) = driver.expect(Deliver).deliveries
        assert delivery.skip_rejected
        refused = [*range(3, 15), 20]
        errors = [DestinationRejectedError(f"event {n}", index=n) for n in refused]
        position = advance_position(Position(), delivery.without(refused).batches)
        driver.shard.connection.delivered(
            DeliveryOutcome({A: position}, skipped={A: errors}), driver.now
        )
        (skipped,) = driver.reports_of(EventsSkipped)
        assert (skipped.key, skipped.count) == (A, 13)
        assert (
            skipped.first
            == tuple((n, error) for n, error in zip(refused, errors, strict=True))[:10]
        )
        (committed,) = driver.reports_of(TransactionCommitted)
        (left,) = committed.deliveries
        assert sum(batch.rows for batch in left.batches) == 17
        assert sum(batch.skipped for batch in left.batches) == 13
        driver.now += SECOND
        assert driver.expect(Generate).requests[0].first == 30

    @pytest.mark.parametrize("seconds", [1, 299])
    def test_a_refused_event_is_retried_after_those_before_it(self, seconds: int) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.RETRY)
        refused_since = driver.now
        self.refuse_until(driver, 6, lambda: driver.now - refused_since < seconds * SECOND)
        assert driver.positions[A].next > 6
        suspended = driver.reports_of(FlowSuspended)
        assert {report.key for report in suspended} == {A}
        assert 2 <= len(suspended) <= 12 + seconds // 2, "at growing intervals"
        assert driver.reports_of(FlowRunning)[-1] == FlowRunning(A)

    def test_a_refused_event_is_retried_for_a_time_only(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.RETRY)
        began = driver.now
        self.refuse_until(driver, 6, lambda: True)
        (failed,) = driver.reports_of(FlowFailed)
        assert getattr(failed.error, "index", None) == 6
        assert failed.position is not None
        assert failed.position.next == 6
        assert RETRY_NS <= driver.now - began <= RETRY_NS + 2 * CAP_NS

    def refuse_until(self, driver: ShardDriver, index: int, refused: Callable[[], bool]) -> None:
        """Delivers until the index is committed or its generator failed."""
        while driver.positions.get(A, Position()).next <= index and driver.shard.keys:
            deliver = driver.next_delivery()
            (delivery,) = deliver.deliveries
            first, end = delivery.batches[0].first, delivery.batches[-1].next
            if first <= index < end and refused():
                error = DestinationRejectedError("no parent yet", index=index)
                driver.shard.connection.delivered(DeliveryOutcome({}, {A: error}), driver.now, 0.5)
                driver.reports += driver.shard.take_reports()
            else:
                driver.commit(deliver)

    def test_a_raising_event_is_not_retried(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.RETRY)
        driver.generated(driver.expect(Generate), raising(4))
        driver.generated(driver.expect(Generate), raising(4))
        driver.commit(driver.expect(Deliver))
        assert [failed.key for failed in driver.reports_of(FlowFailed)] == [A]

    def test_a_refusal_without_an_index_fails_at_once(self) -> None:
        driver = ShardDriver()
        driver.run(A, on_error=OnError.SKIP)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        driver.shard.connection.delivered(
            DeliveryOutcome({}, {A: DestinationRejectedError("no right")}), driver.now
        )
        assert [f.key for f in driver.reports_of(FlowFailed)] == [A]

    def test_a_target_that_cannot_be_prepared_now_waits_alone(self) -> None:
        driver = ShardDriver()
        driver.assign(A)
        driver.assign(B)
        driver.open()
        driver.read()
        driver.expect(Prepare)
        driver.shard.connection.failed(DestinationUnavailableError("locked"), driver.now, 0.5)
        driver.expect(Close)
        driver.shard.connection.closed()
        wake = driver.shard.wake_at()
        assert wake is not None
        driver.now = wake
        driver.open()
        driver.read()
        prepare = driver.expect(Prepare)
        first = prepare.flow.key
        driver.shard.connection.prepared(driver.now)
        assert first in {A, B}
        assert driver.expect(Prepare).flow.key in {A, B} - {first}
        driver.now += GATHER_NS
        assert [r.assignment.key for r in driver.expect(Generate).requests] == [first]

    def test_a_refused_target_fails_alone(self) -> None:
        driver = ShardDriver()
        driver.assign(A)
        driver.assign(B)
        driver.open()
        driver.read()
        driver.expect(Prepare)
        driver.shard.connection.failed(DestinationRejectedError("no right"), driver.now, 0.5)
        assert [f.key for f in driver.reports_of(FlowFailed)] == [A]
        assert driver.expect(Prepare).flow.key == B


class TestWithdrawal:
    def test_at_once_if_nothing_is_in_flight(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.shard.withdraw(A, driver.now)
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(A, Position())]

    def test_after_the_commit_in_flight(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        deliver = driver.expect(Deliver)
        driver.shard.withdraw(A, driver.now)
        assert driver.reports_of(FlowWithdrawn) == []
        driver.commit(deliver)
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(A, Position(next=10, bytes=20))]

    def test_after_the_next_opening_where_the_outcome_is_unknown(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        driver.shard.withdraw(A, driver.now)
        driver.shard.connection.failed(UnknownOutcomeError("x"), driver.now, 0.5)
        driver.expect(Close)
        driver.shard.connection.closed()
        assert driver.reports_of(FlowWithdrawn) == []
        driver.now += SECOND
        driver.positions[A] = Position(next=10)
        driver.open()
        driver.read()
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(A, Position(next=10))]

    def test_after_the_next_opening_where_another_owner_fenced_this_one(self) -> None:
        """The other owner delivers all generators, also those without events in flight here."""
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.expect(Deliver)
        driver.assign(B)
        driver.shard.connection.failed(FencedError("x"), driver.now, 0.5)
        driver.shard.withdraw(B, driver.now)
        driver.expect(Close)
        driver.shard.connection.closed()
        assert driver.reports_of(FlowWithdrawn) == []
        driver.now += 2 * FENCED_NS
        driver.positions[B] = Position(next=7)
        driver.open()
        driver.read()
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(B, Position(next=7))]

    def test_after_opening_where_an_earlier_owner_may_have_left_something(self) -> None:
        driver = ShardDriver()
        driver.assign(A, outcome_unknown=True)
        driver.shard.withdraw(A, driver.now)
        assert driver.reports_of(FlowWithdrawn) == []
        driver.open()
        driver.read()
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(A, Position())]

    def test_events_still_being_made_are_dropped(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        generate = driver.expect(Generate)
        driver.shard.withdraw(A, driver.now)
        driver.assign(A)
        driver.generated(generate)
        driver.read()
        driver.prepare()
        request = driver.expect(Generate).requests[0]
        assert (request.first, request.count) == (0, 10)

    def test_an_unknown_generator_is_reported_as_withdrawn(self) -> None:
        driver = ShardDriver()
        driver.shard.withdraw(A, driver.now)
        assert driver.reports_of(FlowWithdrawn) == [FlowWithdrawn(A, None)]


class TestEnds:
    def test_a_limit_is_never_passed_and_reported(self) -> None:
        driver = ShardDriver()
        driver.assign(A, count=100)
        driver.open()
        driver.expect(ReadPositions)
        driver.shard.connection.positions_read({}, driver.now)
        driver.shard.resume(A, driver.paces[A], limit=42)
        driver.prepare()
        driver.generated(driver.expect(Generate))
        driver.commit(driver.expect(Deliver))
        (finished,) = driver.reports_of(FlowFinished)
        assert finished.position.next == 42

    def test_finish_delivers_what_is_made(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.shard.finish(A)
        driver.commit(driver.expect(Deliver))
        assert [f.position.next for f in driver.reports_of(FlowFinished)] == [10]

    def test_an_idle_connection_is_closed_after_a_while(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.shard.withdraw(A, driver.now)
        assert driver.decide() == []
        assert driver.shard.wake_at() == driver.now + IDLE_NS
        driver.now += IDLE_NS
        driver.expect(Close)

    def test_stop_waits_for_the_commit_under_way_and_closes(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        deliver = driver.expect(Deliver)
        driver.shard.stop()
        driver.now += SECOND
        assert driver.decide() == []
        driver.commit(deliver)
        driver.expect(Close)
        assert not driver.shard.stopped
        driver.shard.connection.closed()
        assert driver.shard.stopped


class TestChecks:
    def test_checks_are_answered_and_create_nothing(self) -> None:
        driver = ShardDriver()
        driver.shard.check(5, Flow(A, ConsoleTarget()))
        driver.open()
        assert driver.expect(Check).token == 5
        driver.shard.connection.checked(driver.now)
        assert driver.reports_of(CheckCompleted) == [CheckCompleted(5, None)]
        assert driver.shard.keys == ()

    def test_checks_fail_with_the_outage(self) -> None:
        driver = ShardDriver()
        driver.shard.check(5, Flow(A, ConsoleTarget()))
        driver.expect(Open)
        outage = DestinationUnavailableError("gone")
        driver.shard.connection.failed(outage, driver.now, 0.5)
        assert driver.reports_of(CheckCompleted) == [CheckCompleted(5, outage)]

    def test_a_refusal_leaves_the_connection_alone(self) -> None:
        driver = ShardDriver()
        driver.run(A)
        driver.generated(driver.expect(Generate))
        driver.commit(driver.expect(Deliver))
        driver.shard.check(5, Flow(B, ConsoleTarget()))
        driver.expect(Check)
        driver.shard.connection.failed(DestinationRejectedError("no"), driver.now, 0.5)
        assert [c.token for c in driver.reports_of(CheckCompleted)] == [5]
        assert driver.decide() == []
        assert driver.reports_of(FlowsWaiting) == []


class TestIsolation:
    """A generator never delays the others."""

    def load(self, driver: ShardDriver) -> Deliver:
        """Generates due events and returns the next delivery."""
        if isinstance(driver.shard.connection.instruction, Deliver):
            return driver.shard.connection.instruction
        for _ in range(20):
            for instruction in driver.decide():
                if isinstance(instruction, Deliver):
                    return instruction
                if isinstance(instruction, Prepare):
                    driver.shard.connection.prepared(driver.now)
                else:
                    assert isinstance(instruction, Generate)
                    driver.generated(instruction)
        raise AssertionError("nothing is delivered")

    def reject(
        self, driver: ShardDriver, deliver: Deliver, key: PositionKey, error: Exception
    ) -> None:
        committed = {
            d.flow.key: advance_position(driver.positions.get(d.flow.key, Position()), d.batches)
            for d in deliver.deliveries
            if d.flow.key != key
        }
        driver.positions.update(committed)
        driver.shard.connection.delivered(DeliveryOutcome(committed, {key: error}), driver.now, 0.5)  # type: ignore[dict-item]

    def reconnect(self, driver: ShardDriver) -> list[PositionKey]:
        """Opens the next connection; returns the generators that are prepared at once."""
        driver.expect(Close)
        driver.shard.connection.closed()
        while not (decided := driver.decide()):
            wake = driver.shard.wake_at()
            assert wake is not None
            driver.now = wake
        assert isinstance(decided[0], Open)
        driver.shard.connection.opened("exactly-once")
        driver.read()
        prepared = []
        while instructions := driver.decide():
            for instruction in instructions:
                if isinstance(instruction, Prepare):
                    prepared.append(instruction.flow.key)
                    driver.shard.connection.prepared(driver.now)
                elif isinstance(instruction, Generate):
                    driver.generated(instruction)
        return prepared

    def test_a_flow_waits_alone_for_an_unavailable_target(self) -> None:
        driver = ShardDriver()
        driver.run(A, B, count=10)
        error = TargetUnavailableError("no leader")
        self.reject(driver, self.load(driver), A, error)
        assert driver.reports_of(FlowSuspended) == [FlowSuspended(A, error)]
        assert driver.reports_of(FlowFailed) == []
        driver.now += SECOND
        keys = [{d.flow.key for d in self.load(driver).deliveries}]
        driver.commit(Deliver(driver.shard.connection.instruction.deliveries))  # type: ignore[union-attr]
        keys.append({d.flow.key for d in self.load(driver).deliveries})
        assert sorted(map(len, keys)) == [1, 1], "never together"
        assert set().union(*keys) == {A, B}

    def test_a_quarantined_flow_that_commits_is_released(self) -> None:
        driver = ShardDriver()
        driver.run(A, B, count=10)
        self.reject(driver, self.load(driver), A, TargetUnavailableError("no leader"))
        for _ in range(2):
            driver.now += SECOND
            for _ in range(2):
                deliver = self.load(driver)
                driver.commit(deliver)
                if driver.shard._flows.has_pending is False:
                    break
        assert driver.reports_of(FlowRunning)[-1] == FlowRunning(A)
        driver.now += SECOND
        assert {d.flow.key for d in self.load(driver).deliveries} == {A, B}

    @pytest.mark.parametrize("skip", [{0}, {0, 1, 2, 3}])
    def test_a_quarantined_flow_whose_next_event_is_skipped_continues(self, skip: set[int]) -> None:
        driver = ShardDriver()
        driver.run(A, count=4, interval=60 * SECOND, skip=frozenset(skip))
        self.reject(driver, self.load(driver), A, TargetUnavailableError("no leader"))
        driver.now += SECOND
        while driver.positions.get(A, Position()).next != 4:
            driver.commit(self.load(driver))
        assert driver.reports_of(FlowRunning)[-1] == FlowRunning(A)

    def test_a_flow_that_breaks_the_connection_is_not_in_the_next_one(self) -> None:
        driver = ShardDriver()
        driver.run(A, B, count=10)
        self.load(driver)
        error = DestinationUnavailableError("no answer", suspects={A})
        driver.shard.connection.failed(error, driver.now, 0.5)
        assert driver.reports_of(FlowSuspended) == [FlowSuspended(A, error)]
        assert [w.keys for w in driver.reports_of(FlowsWaiting)] == [(B,)]
        lost = driver.now
        assert self.reconnect(driver) == [B]
        assert {d.flow.key for d in self.load(driver).deliveries} == {B}
        assert driver.now - lost < SECOND
        driver.commit(Deliver(driver.shard.connection.instruction.deliveries))  # type: ignore[union-attr]
        driver.now = lost + COSTLY_BASE_NS
        prepares = [i for i in driver.decide() if isinstance(i, Prepare)]
        assert [p.flow.key for p in prepares] == [A]

    def test_an_unattributed_failure_is_located_in_few_rounds(self) -> None:
        """Each transaction with A fails, without an error that names it."""
        driver = ShardDriver()
        keys = [PositionKey(1, number, 1) for number in range(16)]
        driver.run(*keys, count=1)
        bad, rounds = keys[5], 0
        while not driver.reports_of(FlowSuspended):
            deliver = self.load(driver)
            if bad in {d.flow.key for d in deliver.deliveries}:
                rounds += 1
                driver.shard.connection.failed(DestinationUnavailableError("?"), driver.now, 0.5)
                self.reconnect(driver)
            else:
                driver.commit(deliver)
        assert [s.key for s in driver.reports_of(FlowSuspended)] == [bad]
        assert rounds <= 5

    def test_a_slow_destination_gets_less_at_a_time(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=1000)
        sizes = []
        for _ in range(6):
            deliver = self.load(driver)
            sizes.append(sum(b.count for d in deliver.deliveries for b in d.batches))
            driver.now += 2 * SLOW_NS
            driver.commit(deliver)
        assert sizes[1:] == sorted(sizes[1:], reverse=True)
        assert sizes[-1] * 4 <= sizes[0]

    def test_a_fast_destination_gets_more_again(self) -> None:
        driver = ShardDriver()
        driver.run(A, count=100_000)
        dose = driver.shard._state.limiter
        dose.events = 8
        for _ in range(20):
            driver.commit(self.load(driver))
            if driver.positions[A].next == 100_000:
                return
        raise AssertionError(driver.positions[A])

    def test_a_revoked_permission_is_waited_for(self) -> None:
        """At first contact, the same error fails the generator."""
        for before, kind in ((0, FlowFailed), (10, FlowSuspended)):
            driver = ShardDriver()
            driver.positions[A] = Position(next=before)
            driver.run(A, count=before + 10)
            self.reject(driver, self.load(driver), A, DestinationRejectedError("denied"))
            assert len(driver.reports_of(kind)) == 1

    def test_a_target_unavailable_at_first_contact_keeps_the_connection_open(self) -> None:
        driver = ShardDriver()
        driver.assign(A)
        driver.open()
        driver.read()
        driver.expect(Prepare)
        error = TargetUnavailableError("no leader")
        driver.shard.connection.failed(error, driver.now, 0.5)
        assert driver.reports_of(FlowSuspended) == [FlowSuspended(A, error)]
        assert driver.decide() == []
        driver.now += CAP_NS
        driver.prepare()
        driver.expect(Generate)


def test_stopping_delivers_what_is_made() -> None:
    driver = ShardDriver()
    driver.run(A)
    generate = driver.expect(Generate)
    driver.shard.stop()
    assert driver.decide() == [], "what is being made belongs to it"
    driver.generated(generate)
    driver.commit(driver.expect(Deliver))
    driver.now += SECOND
    driver.expect(Close)
    driver.shard.connection.closed()
    assert driver.shard.stopped


def test_a_commit_says_where_the_time_went() -> None:
    driver = ShardDriver()
    driver.run(A)
    generate = driver.expect(Generate)
    driver.now += 30 * MS
    driver.generated(generate)
    deliver = driver.expect(Deliver)
    driver.now += 50 * MS
    committed = {A: advance_position(Position(), deliver.deliveries[0].batches)}
    driver.shard.connection.delivered(
        DeliveryOutcome(committed, encoding_ns=50 * MS, waiting_ns=20 * MS), driver.now
    )
    (report,) = driver.reports_of(TransactionCommitted)
    assert report.stage_times == StageTimes(30 * MS, 50 * MS, 30 * MS)
