"""The steps of a flow in a shard: from any committed position on, skipped, refused or again."""

import random
from threading import Thread

import pytest

from eventer.core.batch import advance_position
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import (
    ConsoleTarget,
    GeneratorSpec,
    OnError,
    Position,
    PositionKey,
    TimelineSpec,
)
from eventer.core.timelines import BEGIN, FAILED
from eventer.destinations.base import DeliveryOutcome
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread
from eventer.runs.shard import Shard
from eventer.runs.shard_messages import (
    Deliver,
    EventsSkipped,
    FlowFailed,
    FlowFinished,
    Generate,
    Open,
    PositionRead,
    Prepare,
    ReadPositions,
)
from eventer.runs.timelines import step_timetable
from eventer.runs.timelines.flow_steps import FlowSteps, OpenedSteps
from eventer.runs.timelines.step_engine import StepEngine
from eventer.runs.timelines.step_sequence import StepSequence
from eventer.runs.timelines.step_timetable import StepTimetable
from tests.unit.runs.simulation import RECIPE
from tests.unit.runs.timelines.random_timelines import (
    HORIZON,
    T0,
    RandomTimelines,
    expected,
    starts,
)

LIMIT = 40
KEY = PositionKey(1, 2, 3)
SPEC = TimelineSpec(HORIZON)


@pytest.fixture(autouse=True)
def short_lookahead(monkeypatch):
    monkeypatch.setattr(step_timetable, "LOOKAHEAD", 5)


@pytest.fixture(scope="module")
def generate():
    thread = GenerationThread(lambda assignment: pytest.fail("it has an engine"))
    yield thread._generate_slice
    thread.close()


def flow_steps(position):
    def opened():
        timelines = RandomTimelines(most=7)
        sequence = StepSequence(timelines, starts(LIMIT), SPEC, position.cursor or BEGIN)
        timetable = StepTimetable(sequence, first=position.next)
        return OpenedSteps(timetable, StepEngine(timelines, timetable))

    due = T0 if position.cursor is None else position.cursor.due
    return FlowSteps(opened, position.next, due)


class Delivery:
    """A shard with a flow of steps, and a destination that refuses some delivery numbers.

    With some chance a commit fails, or the process ends after it and another one goes on.
    """

    def __init__(self, generate, seed, on_error, refused=()):
        self.generate, self.refused, self.chance = generate, set(refused), random.Random(seed)
        self.spec = GeneratorSpec(RECIPE, ConsoleTarget(), on_error=on_error, timeline=SPEC)
        self.position, self.log, self.skipped, self.ended = Position(), [], [], None
        self.now, self.skip = T0 - 3, frozenset()
        self.begin()

    def begin(self):
        self.shard = Shard()
        self.shard.assign(Assignment(KEY, self.spec, skip=self.skip))

    def run(self):
        for _ in range(20_000):
            if self.ended is not None:
                return self
            instructions = self.shard.decide(self.now)
            for each in instructions:
                self.carry_out(each)
            for report in self.shard.take_reports():
                self.hear(report)
            if not instructions:
                self.now += 1_000_000
        raise AssertionError(self.position)

    def carry_out(self, instruction):
        connection, now = self.shard.connection, self.now
        match instruction:
            case Open():
                connection.opened("exactly-once")
            case ReadPositions():
                connection.positions_read({KEY: self.position}, now)
            case Prepare():
                connection.prepared(now)
            case Generate(requests=requests, byte_budget=budget):
                self.shard.generation.generated(self.generate(requests, budget), now)
            case Deliver(deliveries=(delivery,)):
                self.deliver(delivery)

    def deliver(self, delivery):
        numbers = [int(n) for batch in delivery.batches for n in batch.index]
        bad = sorted(self.refused & set(numbers))
        errors = [DestinationRejectedError(f"event {n}", index=n) for n in bad]
        if errors and not delivery.skip_rejected:
            self.shard.connection.delivered(DeliveryOutcome({}, {KEY: errors[0]}), self.now)
            return
        left = delivery.without(bad)
        assert left.batches[0].first == self.position.next
        for batch in left.batches:
            assert batch.cursors is not None
            texts = [text.decode() for text in batch.text.to_pylist()]
            self.log += zip(batch.index.tolist(), batch.scheduled.tolist(), texts, strict=True)
        self.position = advance_position(self.position, left.batches)
        if self.chance.random() < 0.3:
            self.begin()
            return
        outcome = DeliveryOutcome({KEY: self.position}, skipped={KEY: errors})
        self.shard.connection.delivered(outcome, self.now)

    def hear(self, report):
        match report:
            case PositionRead(position=position):
                self.shard.resume(KEY, flow_steps(position))
            case EventsSkipped(first=first):
                self.skipped += [index for index, _ in first]
            case FlowFailed() | FlowFinished():
                self.ended = report


def wanted():
    for number, (due, index, step) in enumerate(expected(LIMIT)):
        if step != FAILED:
            yield number, due, f"{index}.{step}"


@pytest.mark.parametrize("seed", range(4))
def test_all_steps_are_delivered_once_whatever_ends_the_process(generate, seed):
    done = Delivery(generate, seed, OnError.SKIP, refused=[3, 11]).run()
    assert isinstance(done.ended, FlowFinished)
    assert done.log == [each for each in wanted() if each[0] not in {3, 11}]
    total = len(expected(LIMIT))
    assert (done.position.next, done.position.skipped) == (total, total - len(done.log))
    due, index, step = expected(LIMIT)[-1]
    assert done.position.cursor.values == (due, index, step + 1)


def test_a_timeline_that_raises_stops_it_after_all_earlier_steps_until_it_is_skipped(generate):
    numbers = [n for n, (_, _, step) in enumerate(expected(LIMIT)) if step == FAILED]
    delivery = Delivery(generate, 1, OnError.STOP)
    for failed in numbers:
        done = delivery.run()
        assert isinstance(done.ended, FlowFailed)
        assert done.position.next == failed
        assert done.log == [each for each in wanted() if each[0] < failed]
        assert done.ended.error.index == expected(LIMIT)[failed][1]
        delivery.ended, delivery.skip = None, frozenset({failed})
        delivery.begin()
    assert isinstance(delivery.run().ended, FlowFinished)
    assert delivery.log == [*wanted()]
    assert delivery.position.skipped == len(numbers)


def test_a_step_that_the_destination_refuses_is_passed_when_it_is_skipped(generate):
    number = next(n for n, _, _ in wanted() if n > 5)
    delivery = Delivery(generate, 2, OnError.STOP, refused=[number])
    delivery.skip = frozenset(n for n, (*_, step) in enumerate(expected(LIMIT)) if step == FAILED)
    delivery.begin()
    assert isinstance(delivery.run().ended, FlowFailed)
    assert delivery.position.next == number
    delivery.ended, delivery.skip = None, delivery.skip | {number}
    delivery.begin()
    assert isinstance(delivery.run().ended, FlowFinished)
    assert delivery.log == [each for each in wanted() if each[0] != number]


def test_nothing_is_known_to_be_due_before_the_template_is_evaluated():
    steps = flow_steps(Position(4, cursor=None))
    assert steps.due_end(T0 - 1) == 4
    assert steps.due_at(4) == T0
    assert steps.due_end(T0) > 4
    assert steps.total is None


def test_other_threads_do_not_wait_while_a_template_is_evaluated():
    steps = flow_steps(Position())
    steps.due_end(T0)
    timetable = steps.engine.timetable
    steps.scheduled(0, 1)
    ask = Thread(
        target=lambda: (steps.total, steps.due_end(T0), steps.due_at(9), steps.backlog(0, T0))
    )
    with timetable._lock:
        ask.start()
        ask.join(timeout=30)
        assert not ask.is_alive()
