"""Every function of `std` ends with a value or a refusal for large arguments.

`pytest -m timing` measures the CPU time.
"""

import gc
import time
from collections.abc import Iterator

import pytest

from eventer.jsonnet.budget import Budget
from tests.families import family
from tests.unit.jsonnet.std import large_arguments
from tests.unit.jsonnet.std.comparison import evaluate
from tests.unit.jsonnet.std.valid_calls import VALID_CALLS

SECONDS = 0.1
"""Less than the limit of an event: functions that do not check the clock exceed it sooner."""

MULTIPLE = 8
SHARE = 12
"""One program of this many is tried, another one for each function."""
FEWER = 200
"""The divisor of large values in tests that do not measure time."""

ONCE = "std.type({})"
OFTEN = "std.foldl(function(t, i) if std.type({}) == 't' then t else i, std.range(1, 5000), 0)"
"""Many calls reveal work that one call does not charge."""

FRAMES = ((ONCE, large_arguments.SIZE), (OFTEN, large_arguments.SIZE // 10))
EVERY_FUNCTION = family(
    "name, frame, size", [(name, *frame) for name in VALID_CALLS for frame in FRAMES]
)
HOURS = pytest.mark.timeout(4 * 3600)


@pytest.fixture
def _only_its_own_garbage() -> Iterator[None]:
    """Excludes objects of other tests from garbage collections."""
    gc.freeze()
    yield
    gc.unfreeze()


def programs(name, frame, size, share=1):
    for lead, call in list(large_arguments.programs(name, size))[
        list(VALID_CALLS).index(name) % share :: share
    ]:
        yield lead + frame.replace("{}", call)


def overruns(*which):
    """The programs that take too many CPU seconds, with the seconds."""
    found, most = {}, 0.0
    for program in programs(*which):
        begin = time.process_time()
        evaluate(program, Budget(seconds=SECONDS))
        took = time.process_time() - begin
        most = max(most, took)
        if took > MULTIPLE * SECONDS:
            found[program] = took
    print(f"{which[0]}: {most:.2f} s of {MULTIPLE * SECONDS:.2f} s")
    return found


@family("name", VALID_CALLS)
def test_it_ends_with_a_value_or_a_refusal(name):
    """Any other error is raised here."""
    budget = Budget(steps=20_000, bytes=4 << 20, seconds=None)
    for program in programs(name, ONCE, large_arguments.SIZE // FEWER, 2 * SHARE):
        answer = evaluate(program, budget)
        assert getattr(answer, "kind", None) in {None, "BudgetError", "EvaluationError"}


@pytest.mark.timing
@pytest.mark.usefixtures("_only_its_own_garbage")
@HOURS
@EVERY_FUNCTION
def test_it_ends_soon(name, frame, size):
    assert not overruns(name, frame, size, SHARE)


@pytest.mark.timing
@pytest.mark.slow
@pytest.mark.usefixtures("_only_its_own_garbage")
@HOURS
@EVERY_FUNCTION
def test_it_ends_soon_with_everything(name, frame, size):
    assert not overruns(name, frame, size)


LITTLE = Budget(bytes=12 << 20, seconds=None)
MEMORY = {
    "one text in a format": "std.length(std.repeat('%s', 1000) % std.repeat([t], 1000))",
    "parts of a text": (
        "std.foldl(function(n, i) n + std.length(std.substr(t, i, 9e5)), std.range(1, 1000), 0)"
    ),
    "texts of a long name": "std.toString(std.repeat([{ [t]: 1 }], 1000))",
    "events with a long name": "std.repeat([{ [t]: 1 }], 1000)",
    "numbers in full": "std.toString(std.repeat([1e308], 1e5))",
}


@family("program", MEMORY.values())
def test_memory_is_charged_before_its_allocation(program):
    answer = evaluate(f"local t = std.repeat('x', 1e6); {program}", LITTLE)
    assert getattr(answer, "kind", None) == "BudgetError", str(answer)[:100]
    assert "bytes" in answer.message
