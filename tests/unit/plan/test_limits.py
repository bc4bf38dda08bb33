"""Limits of plans: templates beyond them are refused with the limit and the place."""

import numpy as np
import pytest

from eventer.core.model import Stream, Template
from eventer.kernels.draw import chains
from eventer.plan import execution, graph, row_program_builder
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from eventer.plan.trace import array_comprehensions, traced_event
from eventer.plan.unsupported import PlanUnsupportedError

NATIVES = "local integer = std.native('get_integer');\n"


@pytest.fixture(autouse=True)
def _unrolled_loops(monkeypatch):
    """Long loops have columns for each element."""
    monkeypatch.setattr(array_comprehensions, "MAX_UNROLLED", 10_000)


def refusal(text):
    with pytest.raises(PlanUnsupportedError) as caught:
        prepare(Template(NATIVES + text)).plan(Stream(1), EventContext())
    return str(caught.value)


def test_columns(monkeypatch):
    monkeypatch.setattr(graph, "MAX_NODES", 1_000)
    text = "{ a: 1,\n b: [integer(1, i) for i in std.range(1, 999)] }"
    assert refusal(text) == "the plan needs more than 1,000 columns (line 3, column 6)"


def test_paths_of_a_batch_with_too_many_steps_are_not_drawn(monkeypatch):
    walked = []

    def walk(key, index, *rest):
        walked.append(len(index))
        return draw_paths(key, index, *rest)

    draw_paths = chains.walk
    monkeypatch.setattr(execution, "MAX_ELEMENTS", 1_000)
    monkeypatch.setattr(chains, "walk", walk)
    text = "[s.after for s in std.native('get_chain')({ a: { next: { a: 1 } } }, 'a', 5)]"
    engine = prepare(Template(text)).engine(Stream(1), EventContext())
    batch = engine.generate(0, np.zeros(300, dtype=np.int64))
    assert batch.text.to_pylist() == [b"[0,0,0,0,0]"] * (300 // 8)
    assert walked[-2:] == [64, 300 // 8]


def test_instructions(monkeypatch):
    monkeypatch.setattr(row_program_builder, "MAX_INSTRUCTIONS", 1_000)
    text = "local n = integer(1, 9);\n{ a: 1, b: [n for _ in std.range(1, 999)] }"
    assert refusal(text) == "an event needs more than 1,000 instructions (line 3, column 9)"


def test_constant_text():
    text = "{ a: 1,\n b: std.repeat('0123456789', 500000), c: integer(1, 9) }"
    said = "an event has a constant text of 5,000,000 characters (line 3, column 2)"
    assert refusal(text) == said


def test_constant_texts_together():
    text = "{ a: 1,\n b: [std.repeat('x', 2500000) + i for i in [1, 2]], c: integer(1, 9) }"
    said = "an event has more than 4,194,304 bytes of constant text (line 3, column 2)"
    assert refusal(text) == said


def test_steps(monkeypatch):
    monkeypatch.setattr(
        traced_event, "BUDGET", traced_event.BUDGET.__class__(steps=100, depth=1_500)
    )
    text = "{ a: 1,\n b: [integer(1, 9) + i for i in std.range(1, 999)] }"
    assert refusal(text).startswith("it is too large to be unrolled: it takes more than 100 steps")
    assert refusal(text).endswith("(line 3, column 33)")


def test_deep_nesting(monkeypatch):
    def recurse(*_):
        raise RecursionError

    monkeypatch.setattr(traced_event, "evaluated", recurse)
    assert refusal("{ a: integer(1, 9) }") == "it is nested too deeply (line 1, column 1)"


def test_memory(monkeypatch):
    def exhaust(*_):
        raise MemoryError

    monkeypatch.setattr(traced_event, "evaluated", exhaust)
    assert refusal("{ a: integer(1, 9) }") == "its plan needs too much memory (line 1, column 1)"
