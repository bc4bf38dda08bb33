"""Events that are generated ahead, engines that cannot be built, and the first events of a run."""

from dataclasses import replace

import pytest

from eventer.core.errors import BudgetError
from eventer.core.model import (
    EventContext,
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.runs import generation_thread
from eventer.runs.assignment import Assignment
from eventer.runs.generation_thread import GenerationThread, later_times
from eventer.runs.pacing import END, Pace
from eventer.runs.shard_messages import GenerationRequest
from eventer.testing.batches import batch_of
from tests.families import family

SPEC = GeneratorSpec(EventSource(Template("1"), Stream(1), EventContext()), KafkaTarget("t"))
ASSIGNMENT = Assignment(PositionKey(1, 5, 1), SPEC)


def request(assignment=ASSIGNMENT, t0=1_000):
    pace = Pace([Segment(t0, 0, ticks(1, 10))])
    return GenerationRequest(assignment, pace, 0, 1, 1)


def test_the_times_of_later_events_are_those_of_the_pace():
    assert later_times(request())(3, 4).tolist() == [1_030, 1_040, 1_050, 1_060]


@family(("left", "known"), [(100, 64), (64, 64), (50, 32), (1, 1)])
def test_events_that_are_never_due_are_not_generated(left, known):
    assert len(later_times(request(t0=END - 10 * left))(0, 64)) == known


def test_nothing_is_generated_ahead_where_a_poison_event_is_searched_for():
    isolated = replace(ASSIGNMENT, poison_index=0, isolate=True)
    assert len(later_times(request(isolated))(1, 64)) == 0


async def test_engines_that_cannot_be_built_fail_their_own_generators_and_are_named_before():
    seen = []

    def build(assignment):
        seen.append(f"build {assignment.key.generator}")
        raise MemoryError

    thread = GenerationThread(
        build, on_request=lambda request: seen.append(f"mark {request.assignment.key.generator}")
    )
    others = [replace(ASSIGNMENT, key=PositionKey(1, number, 1)) for number in (5, 6)]
    try:
        results = await thread.generate([request(each) for each in others], 1 << 20)
    finally:
        thread.close()
    assert [type(each.error) for each in results] == [BudgetError, BudgetError]
    builds = [at for at, each in enumerate(seen) if each.startswith("build")]
    assert [seen[at - 1] for at in builds] == [seen[at].replace("build", "mark") for at in builds]


class AllAtOnce:
    """An engine that generates all that is requested."""

    name = "plan"

    def generate(self, first, scheduled, deadline_ns, later):
        del deadline_ns, later
        return batch_of(first, [1] * len(scheduled), scheduled=scheduled)


@pytest.mark.parametrize(
    ("quick_start", "loaded", "sizes"),
    [
        (True, False, [200] * 10 + [3_000]),
        (True, True, [5_000]),
        (False, False, [5_000]),
    ],
)
async def test_the_first_events_of_a_run_need_no_kernels(monkeypatch, quick_start, loaded, sizes):
    monkeypatch.setattr(generation_thread, "is_kernel_loaded", lambda: loaded)
    pace = Pace([Segment(1_000, 0, ticks(1, 10))])
    thread = GenerationThread(lambda _: AllAtOnce(), quick_start=quick_start)
    wanted, found = GenerationRequest(ASSIGNMENT, pace, 0, 5_000, 1), []
    try:
        while wanted is not None:
            (result,) = await thread.generate([wanted], 1 << 30)
            found.append(result.batch.count)
            wanted = result.remaining
    finally:
        thread.close()
    assert found == sizes
