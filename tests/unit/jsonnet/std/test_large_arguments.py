"""Every function of `std` ends soon, with a value or a refusal, however large what it is given.

Judged by the processor's time, so that a busy machine changes nothing.
"""

import gc
import time
from collections.abc import Iterator

import pytest

from eventer.jsonnet.budget import Budget
from tests.unit.jsonnet.std import large_arguments
from tests.unit.jsonnet.std.comparison import evaluate
from tests.unit.jsonnet.std.valid_calls import VALID_CALLS

SECONDS = 0.1
"""Less than an event has, so that what does not look at the clock shows sooner."""

MULTIPLE = 8
SHARE = 6
"""Of so many programs one is tried every time, another one with each function."""

ONCE = "std.type({})"
OFTEN = "std.foldl(function(t, i) if std.type({}) == 't' then t else i, std.range(1, 5000), 0)"
"""What one call does not charge for, many do not hide."""

KINDS = [(ONCE, large_arguments.SIZE), (OFTEN, large_arguments.SIZE // 10)]


@pytest.fixture(autouse=True)
def _only_its_own_garbage() -> Iterator[None]:
    """A collection goes through what the program made, not through all that other tests left."""
    gc.freeze()
    yield
    gc.unfreeze()


def overruns(name, frame, size, share=1):
    """The programs that take too many processor seconds, with these."""
    found = {}
    programs = list(large_arguments.programs(name, size))
    for lead, call in programs[list(VALID_CALLS).index(name) % share :: share]:
        program = lead + frame.replace("{}", call)
        begin = time.process_time()
        evaluate(program, Budget(seconds=SECONDS))
        took = time.process_time() - begin
        if took > MULTIPLE * SECONDS:
            found[program] = took
    return found


@pytest.mark.parametrize(("frame", "size"), KINDS, ids=["once", "often"])
@pytest.mark.parametrize("name", VALID_CALLS)
def test_it_ends_soon(name, frame, size):
    assert not overruns(name, frame, size, SHARE)


@pytest.mark.slow
@pytest.mark.parametrize(("frame", "size"), KINDS, ids=["once", "often"])
@pytest.mark.parametrize("name", VALID_CALLS)
def test_it_ends_soon_with_everything(name, frame, size):
    assert not overruns(name, frame, size)


MEMORY = {
    "one text in a format": "std.length(std.repeat('%s', 1000) % std.repeat([t], 1000))",
    "parts of a text": (
        "std.foldl(function(n, i) n + std.length(std.substr(t, i, 9e6)), std.range(1, 1000), 0)"
    ),
    "texts of a long name": "std.toString(std.repeat([{ [t]: 1 }], 1000))",
    "events with a long name": "std.repeat([{ [t]: 1 }], 1000)",
    "numbers in full": "std.toString(std.repeat([1e308], 1e6))",
}


@pytest.mark.parametrize("program", MEMORY.values(), ids=MEMORY.keys())
def test_memory_is_paid_for_before_it_is_taken(program):
    answer = evaluate(f"local t = std.repeat('x', 1e7); {program}", Budget(seconds=30.0))
    assert getattr(answer, "kind", None) == "BudgetError", str(answer)[:100]
    assert "bytes" in answer.message
