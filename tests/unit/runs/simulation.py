"""A simulation in one thread: shards, a destination, a service and faults, on a simulated clock.

Processes crash, or seem to crash and run beside their successors; commits are slow, fail, or get no
answer; targets become unavailable, with or without an error that names the flow. All random choices
come from the seed, so a failing seed fails again.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch, advance_position
from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    EvaluationError,
    EventerError,
    FencedError,
    TargetUnavailableError,
    UnknownOutcomeError,
)
from eventer.core.model import (
    ConsoleTarget,
    EventSource,
    GeneratorSpec,
    OnError,
    Position,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import (
    Cron,
    EventRate,
    PaceSpec,
    Profile,
    Stage,
    Stages,
    Steady,
    Ticks,
    ticks,
)
from eventer.destinations.base import Delivery, DeliveryOutcome
from eventer.plan.engine import EventContext
from eventer.plan.json_fields import JsonFields
from eventer.runs.assignment import Assignment
from eventer.runs.pacing import Pace, begin, repace
from eventer.runs.shard import Shard
from eventer.runs.shard_messages import (
    Check,
    Close,
    Deliver,
    FlowFailed,
    FlowWithdrawn,
    Generate,
    GenerationRequest,
    GenerationResult,
    Instruction,
    Open,
    PositionRead,
    Prepare,
    ReadPositions,
    ShardReport,
)

MS = 1_000_000
SECOND = 1_000 * MS
RECIPE = EventSource(Template("{}"), Stream(1), EventContext())


_TEXT = pa.array([b"{}"] * 10_000, type=pa.large_binary())


def fake_batch(first: int, scheduled: list[int]) -> Batch:
    """A batch of empty objects."""
    index = np.arange(first, first + len(scheduled), dtype=np.int64)
    return Batch(
        first=first,
        count=len(scheduled),
        index=index,
        scheduled=np.array(scheduled, dtype=np.int64),
        text=_TEXT.slice(0, len(scheduled)),
        fields=JsonFields([{}] * len(scheduled), index),
    )


ALL_FENCES = frozenset({"epoch", "atomic", "reread"})


@dataclass
class Server:
    """The durable state: committed events and positions, and the newest owner's epoch.

    `fences` are those it has: "epoch" refuses earlier owners, "atomic" commits positions with data.
    """

    fences: frozenset[str] = ALL_FENCES
    epoch: int = 0
    log: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    positions: dict[PositionKey, Position] = field(default_factory=dict)

    def commit(
        self, epoch: int, deliveries: tuple[Delivery, ...], refuse: Callable[[int, int], bool]
    ) -> DeliveryOutcome:
        if "epoch" in self.fences and epoch != self.epoch:
            raise FencedError("a newer owner has this shard")
        committed, rejected, skipped = {}, {}, {}
        for delivery in deliveries:
            key = delivery.flow.key
            bad = [int(i) for b in delivery.batches for i in b.index if refuse(key.generator, i)]
            errors = [DestinationRejectedError(f"event {index}", index=index) for index in bad]
            if errors and not delivery.skip_rejected:
                rejected[key] = errors[0]
                continue
            left, skipped[key] = delivery.without(bad), errors
            self._write(key.generator, left)
            committed[key] = advance_position(self.positions.get(key, Position()), left.batches)
        self.positions.update(committed)
        return DeliveryOutcome(committed, rejected, skipped=skipped)

    def tear(self, deliveries: tuple[Delivery, ...]) -> None:
        """Without atomicity, an interrupted commit leaves data without positions."""
        if "atomic" not in self.fences:
            for delivery in deliveries:
                self._write(delivery.flow.key.generator, delivery)

    def _write(self, generator: int, delivery: Delivery) -> None:
        log = self.log.setdefault(generator, [])
        for batch in delivery.batches:
            log += zip(batch.index.tolist(), batch.scheduled.tolist(), strict=True)


@dataclass
class Generator:
    """One generator as the service knows it."""

    key: PositionKey
    on_error: OnError
    segments: list[Segment]
    raising: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    wanted: int | None = None
    state: str = "running"
    seen: int = 0
    frozen_at: int | None = None
    failure: EventerError | None = None

    def assignment(self, *, outcome_unknown: bool) -> Assignment:
        return Assignment(
            self.key,
            GeneratorSpec(RECIPE, ConsoleTarget(), on_error=self.on_error),
            outcome_unknown=outcome_unknown,
            poison_index=self.seen + 3 if outcome_unknown else None,
        )


@dataclass(eq=False)
class Process:
    """An owner of the shard, alive or not, and the epoch of its connection."""

    shard: Shard = field(default_factory=Shard)
    epoch: int = 0
    alive: bool = True
    wake: int | None = None


class PaceChooser:
    """Paces of every kind. It has a generator of its own, so that seeds keep their faults."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(~seed)

    def __call__(self, ticks: PaceSpec) -> PaceSpec:
        assert isinstance(ticks.shape, Ticks)
        rate = EventRate(ticks.shape.count, ticks.shape.interval)
        faster = EventRate(3 * rate.events, rate.period)
        zero = EventRate(0, 1)
        shape = self._random.choice(
            [
                ticks.shape,
                Steady(rate),
                Stages((Stage(zero, faster, 3 * SECOND), Stage(faster, zero, SECOND)), None),
                Stages((Stage(rate, rate, 2 * SECOND), Stage(zero, zero, 700 * MS)), None),
                Profile(rate, (Fraction(1), Fraction(5, 3)) * 12, "Asia/Kolkata"),
                Cron("* * * * *", count=ticks.shape.count),
            ]
        )
        even = isinstance(shape, Ticks | Cron) or self._random.random() < 0.5
        return PaceSpec(shape, "even" if even else "random")


class Simulation:
    """Runs one seed: generators, a shard that crashes, and a server with faults."""

    def __init__(
        self, seed: int, *, fences: frozenset[str] = ALL_FENCES, all_paces: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self._choose_pace = PaceChooser(seed) if all_paces else None
        self.now = 1_700_000_000 * SECOND
        self.server = Server(fences)
        self.faults = True
        self.away: dict[int, str] = {}
        self.lateness: dict[int, list[int]] = defaultdict(list)
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self.process = Process()
        self.replaced_processes: list[Process] = []
        self.generators = {g.key: g for g in map(self._generator, range(self.random.randint(1, 4)))}

    @property
    def shard(self) -> Shard:
        """The shard of the process that the service uses."""
        return self.process.shard

    def _generator(self, number: int) -> Generator:
        count, interval = self.random.randint(1, 12), self.random.randint(60, 1500) * MS
        bad = frozenset(self.random.sample(range(400), self.random.choice([0, 0, 0, 1, 5])))
        raising = self.random.random() < 0.5
        return Generator(
            PositionKey(7, number, 0),
            self.random.choice(list(OnError)),
            [begin(self.now, 0, self._pace(ticks(count, interval)))],
            raising=bad if raising else frozenset(),
            refused=frozenset() if raising else bad,
        )

    def _pace(self, ticks: PaceSpec) -> PaceSpec:
        """The pace of these ticks, or one of another kind with about as many events."""
        return self._choose_pace(ticks) if self._choose_pace is not None else ticks

    # --- time ---------------------------------------------------------------------------------

    def later(self, delay: int, act: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay, self._count, act))

    def run(self, duration: int) -> None:
        until = self.now + duration
        self.step()
        while self._queue and self._queue[0][0] <= until:
            self.now, _, act = heapq.heappop(self._queue)
            act()
            self.step()
        self.now = until

    def step(self) -> None:
        """Carries out the instructions of the shards until there are none."""
        for process in (self.process, *self.replaced_processes):
            self._step(process)

    def _step(self, process: Process) -> None:
        shard = process.shard
        for report in shard.take_reports():
            self.on_report(report, process)
        for instruction in shard.decide(self.now):
            self.begin(instruction, process)
        for report in shard.take_reports():
            self.on_report(report, process)
        if (at := shard.wake_at()) is not None and at != process.wake:
            process.wake = at
            self.later(max(0, at - self.now), lambda: self._ring(process, at))
        flows = shard._flows
        assert flows._pending_bytes == sum(
            sum(flow.batch_bytes) for flow in flows._pending.values()
        )

    def _ring(self, process: Process, at: int) -> None:
        if process.wake == at:
            process.wake = None

    # --- the service --------------------------------------------------------------------------

    def start(self) -> None:
        for generator in self.generators.values():
            self.shard.assign(generator.assignment(outcome_unknown=False))

    def on_report(self, report: ShardReport, process: Process) -> None:
        if process is not self.process:
            # A copy that the service does not know continues.
            if isinstance(report, PositionRead):
                process.shard.resume(report.key, Pace(self.generators[report.key].segments))
            return
        match report:
            case PositionRead(key=key, position=position):
                generator = self.generators[key]
                assert position.next >= generator.seen, "the position went back"
                generator.seen = position.next
                if generator.wanted is not None:
                    at, generator.wanted = generator.wanted, None
                    old = Pace(generator.segments)
                    generator.segments.append(old.resumed(at, position.next))
                self.shard.resume(key, Pace(generator.segments))
            case FlowFailed(key=key, error=error):
                self.generators[key].state = "failed"
                self.generators[key].failure = error
            case FlowWithdrawn(key=key):
                generator = self.generators[key]
                if generator.state == "pausing":
                    generator.state = "paused"
                    generator.frozen_at = len(self.server.log.get(key.generator, []))
                elif generator.state == "repacing":
                    self._assign_with_new_pace(generator)

    def act_at_random(self) -> None:
        """A random request of a user, or a crash."""
        generator = self.random.choice(list(self.generators.values()))
        what = self.random.random()
        if what < 0.3:
            self.crash()
        elif what < 0.45:
            self.copy()
        elif what < 0.6:
            self.away = {generator.key.generator: self.random.choice(["named", "spends", "silent"])}
        elif self.replaced_processes:
            # With two copies of the service, a pause reaches one of them.
            return
        elif generator.state == "running":
            generator.state = self.random.choice(["pausing", "repacing"])
            self.shard.withdraw(generator.key, self.now)
        elif generator.state == "paused":
            self.resume(generator)

    def resume(self, generator: Generator) -> None:
        assert len(self.server.log.get(generator.key.generator, [])) == generator.frozen_at
        generator.state, generator.frozen_at = "running", None
        generator.wanted = self.now
        self.shard.assign(generator.assignment(outcome_unknown=False))

    def _assign_with_new_pace(self, generator: Generator) -> None:
        generator.state = "running"
        if generator.wanted is None:
            count, interval = self.random.randint(1, 12), self.random.randint(60, 1500) * MS
            old = Pace(generator.segments)
            pace = self._pace(ticks(count, interval))
            generator.segments.append(repace(old, self.now, pace, generator.key.generator))
        self.shard.assign(generator.assignment(outcome_unknown=False))

    def crash(self) -> None:
        """The process dies; its requests to the server may still be carried out."""
        self.process.alive = False
        self.process = Process()
        for generator in self.generators.values():
            if generator.state != "failed" and generator.state != "paused":
                self.shard.assign(generator.assignment(outcome_unknown=True))
                if generator.state in {"pausing", "repacing"}:
                    self.shard.withdraw(generator.key, self.now)

    def copy(self) -> None:
        """The process is replaced as if dead, and continues for a while."""
        if any(
            g.state in {"pausing", "repacing"} or g.wanted is not None
            for g in self.generators.values()
        ):
            return
        old = self.process
        self.replaced_processes.append(old)
        self.crash()
        old.alive = True
        self.later(self.random.randint(100, 12_000) * MS, lambda: self._end(old))

    def _end(self, zombie: Process) -> None:
        zombie.alive = False
        self.replaced_processes.remove(zombie)

    # --- the environment ----------------------------------------------------------------------

    def begin(self, instruction: Instruction, process: Process) -> None:
        def alive(act: Callable[[], None]) -> Callable[[], None]:
            return lambda: act() if process.alive else None

        if isinstance(instruction, Generate):
            results = self._generate_all(instruction)
            self.later(
                self.random.randint(1, 20) * MS,
                alive(lambda: process.shard.generation.generated(results, self.now)),
            )
            return
        delay = self.random.randint(1, 40) * MS
        if isinstance(instruction, Deliver):
            slow = self.random.randint(1000, 9000) * MS if self._fault(0.03) else 0
            self._deliver(instruction, delay + slow, process, alive)
        else:
            self.later(delay, alive(lambda: self._answer(instruction, process)))

    def _fault(self, chance: float) -> bool:
        return self.faults and self.random.random() < chance

    def _fail(self, error: EventerError, process: Process) -> None:
        process.shard.connection.failed(error, self.now, self.random.random())

    def _answer(self, instruction: Instruction, process: Process) -> None:
        if not isinstance(instruction, Close) and self._fault(0.1):
            self._fail(DestinationUnavailableError("gone"), process)
            return
        shard = process.shard
        match instruction:
            case Open():
                self.server.epoch += 1
                process.epoch = self.server.epoch
                shard.connection.opened("exactly-once")
            case Close():
                shard.connection.closed()
            case ReadPositions(keys=keys):
                shard.connection.positions_read(self._positions(keys), self.now)
            case Check():
                shard.connection.checked(self.now)
            case Prepare(flow=flow):
                if flow.key.generator in self.away and self.random.random() < 0.5:
                    self._fail(TargetUnavailableError("the target is away"), process)
                else:
                    shard.connection.prepared(self.now)

    def _positions(self, keys: tuple[PositionKey, ...]) -> dict[PositionKey, Position]:
        """Without the fence "reread", an owner uses the position that the service knows."""
        if "reread" in self.server.fences:
            return {k: self.server.positions[k] for k in keys if k in self.server.positions}
        return {k: Position(next=self.generators[k].seen) for k in keys}

    def _deliver(
        self,
        instruction: Deliver,
        delay: int,
        process: Process,
        alive: Callable[[Callable[[], None]], Callable[[], None]],
    ) -> None:
        epoch = process.epoch
        if (error := self._away_error(instruction)) is not None:
            self.later(delay + 2 * SECOND, alive(lambda: self._fail(error, process)))
        elif self._fault(0.05):
            gone = DestinationUnavailableError("gone")
            self.later(delay, alive(lambda: self._fail(gone, process)))
            self.server.tear(instruction.deliveries)
        elif self._fault(0.1):
            unknown = UnknownOutcomeError("no answer")
            self.later(delay, alive(lambda: self._fail(unknown, process)))
            if self.random.random() < 0.7:
                slow = self.random.randint(1, 600) * MS
                self.later(slow, lambda: self._commit(epoch, instruction))
        else:
            # The server commits even if the process dies before the answer.
            self.later(delay, lambda: self._commit_and_answer(epoch, instruction, process))

    def _away_error(self, instruction: Deliver) -> EventerError | None:
        """The error of a transaction with a generator whose target is unavailable."""
        keys = {d.flow.key for d in instruction.deliveries if self._how_away(d) in _SPENDING}
        if not keys:
            return None
        silent = any(self.away[key.generator] == "silent" for key in keys)
        return DestinationUnavailableError("stuck", suspects=() if silent else keys)

    def _how_away(self, delivery: Delivery) -> str | None:
        return self.away.get(delivery.flow.key.generator)

    def _commit(self, epoch: int, instruction: Deliver) -> DeliveryOutcome | EventerError:
        try:
            outcome = self.server.commit(epoch, instruction.deliveries, self._is_refused)
        except FencedError as error:
            return error
        for delivery in instruction.deliveries:
            late = [self.now - t for b in delivery.batches for t in b.scheduled.tolist()]
            self.lateness[delivery.flow.key.generator] += late
        return outcome

    def _commit_and_answer(self, epoch: int, instruction: Deliver, process: Process) -> None:
        named = [d for d in instruction.deliveries if self._how_away(d) == "named"]
        rest = tuple(d for d in instruction.deliveries if d not in named)
        outcome = self._commit(epoch, Deliver(rest))
        if not process.alive:
            return
        if isinstance(outcome, EventerError):
            self._fail(outcome, process)
            return
        away = {d.flow.key: TargetUnavailableError("away") for d in named}
        told = replace(outcome, rejected={**outcome.rejected, **away})
        process.shard.connection.delivered(told, self.now, self.random.random())

    def _is_refused(self, generator: int, index: int) -> bool:
        """Whether the server refuses an event; for generators that retry, during faults only."""
        of = self.generators[PositionKey(7, generator, 0)]
        return index in of.refused and (of.on_error is not OnError.RETRY or self.faults)

    def _generate_all(self, instruction: Generate) -> list[GenerationResult]:
        requests = instruction.requests[: self.random.randint(1, len(instruction.requests))]
        return [self._generate(request) for request in requests]

    def _generate(self, request: GenerationRequest) -> GenerationResult:
        raising = self.generators[request.assignment.key].raising
        count = self.random.randint(1, request.count)
        stop = next((i for i in range(request.first, request.first + count) if i in raising), None)
        if stop == request.first:
            error = EvaluationError("boom")
            error.index = stop
            return GenerationResult(request, error=error)
        count = count if stop is None else stop - request.first
        times = request.timetable.scheduled(request.first, count).tolist()
        return GenerationResult(
            request, batch=fake_batch(request.first, times), retained_bytes=2 * count
        )

    # --- the verdict --------------------------------------------------------------------------

    def end_faults_and_check(self) -> None:
        """Ends the faults: all due events must be delivered."""
        self.faults, self.away = False, {}
        self.run(10 * SECOND)
        while self.replaced_processes:
            self.run(SECOND)
        held = [flow.quarantine.until for flow in self.shard._flows]
        self.run(max(0, max(held, default=0) - self.now) + 6 * SECOND)
        for generator in self.generators.values():
            if generator.state == "paused":
                self.resume(generator)
        self.run(8 * SECOND)
        self.now += 1
        for generator in self.generators.values():
            self.check_generator(generator)

    def check_generator(self, generator: Generator) -> None:
        log = self.server.log.get(generator.key.generator, [])
        position = self.server.positions.get(generator.key, Position()).next
        pace = Pace(generator.segments)
        retries = generator.on_error is OnError.RETRY
        bad = generator.raising | (frozenset() if retries else generator.refused)
        if generator.on_error is not OnError.SKIP and generator.state == "failed":
            assert position == min(bad)
        else:
            assert generator.state == "running"
            due = pace.due_end(self.now - SECOND)
            assert position >= due, f"{due - position} due events never came"
        indices = [index for index, _ in log]
        expected = [index for index in range(position) if index not in bad]
        assert indices == expected, "an event is missing, repeated or out of order"
        assert [time for _, time in log] == [pace.due_at(i) for i in indices]


_SPENDING = frozenset({"spends", "silent"})


def simulate(
    seed: int,
    *,
    fences: frozenset[str] = ALL_FENCES,
    turns: int = 8,
    all_paces: bool = False,
) -> Simulation:
    """Runs a seed and checks the result."""
    simulation = Simulation(seed, fences=fences, all_paces=all_paces)
    simulation.start()
    for _ in range(turns):
        simulation.run(simulation.random.randint(200, 1800) * MS)
        simulation.act_at_random()
    simulation.end_faults_and_check()
    return simulation
