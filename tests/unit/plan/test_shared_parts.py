"""Values whose parts are shared: the work follows the parts, not the paths to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import EngineChoice, EventContext, Stream, Template
from eventer.plan.prepare import prepare
from eventer.plan.trace import traced_event
from eventer.plan.unsupported import PlanUnsupportedError
from tests.families import family

LEVELS = 60
SHARED = """
local objects(n) = if n == 0 then {} else (local x = objects(n - 1); { a: x, b: x });
local arrays(n) = if n == 0 then [] else (local x = arrays(n - 1); [x, x]);
"""


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace may take any time; the number of its steps stays bounded."""
    monkeypatch.setattr(traced_event, "BUDGET", replace(traced_event.BUDGET, seconds=3600.0))


ENGINES: tuple[EngineChoice, ...] = ("interpreter", "plan")


def events(text: str) -> set[bytes]:
    """The first event of a template, by each engine."""
    prepared = prepare(Template(text))
    engines = [prepared.engine(Stream(1), EventContext(), engine=each) for each in ENGINES]
    now = np.zeros(1, dtype=np.int64)
    return {bytes(each.generate(0, now).text[0].as_py()) for each in engines}


@pytest.mark.usefixtures("untimed")
@family(
    ("expression", "result"),
    [
        ("objects({n}) == objects({n})", b"true"),
        ("[arrays({n})] != [arrays({n})]", b"false"),
        ("arrays({n}) < arrays({n})", b"false"),
        ("std.length(std.prune(objects({n})))", b"0"),
        ("std.length(std.prune(arrays({n})))", b"0"),
        ("std.length(std.mergePatch(objects({n}), objects({n})))", b"2"),
        ("std.length(std.mergePatch(objects({n}), {{ c: 1 }}))", b"3"),
        ("std.count([arrays({n})], arrays({n}))", b"1"),
        ("std.length(std.uniq([objects({n}), objects({n})]))", b"1"),
    ],
)
def test_a_part_is_visited_once(expression, result):
    text = f"{SHARED} {{ r: {expression.format(n=LEVELS)} }}"
    assert run_with_large_stack(lambda: events(text)) == {b'{"r":%s}' % result}


def test_a_text_with_every_path_ends_at_the_budget_of_the_trace(monkeypatch):
    monkeypatch.setattr(traced_event, "BUDGET", replace(traced_event.BUDGET, steps=50_000))
    text = f"{SHARED} {{ r: std.length(std.toString(arrays({LEVELS}))) }}"
    with pytest.raises(PlanUnsupportedError, match="too large to be unrolled"):
        run_with_large_stack(lambda: prepare(Template(text)).plan(Stream(1), EventContext()))


@pytest.mark.usefixtures("untimed")
@family(
    "layer",
    [
        "{ x+: 1 }",
        "{ x+:: 1 }",
        "{ x: super.x + super.y }",
        "{ x: if 'y' in super then super.x + 1 else 0 }",
    ],
)
def test_a_long_chain_of_super(layer):
    text = f"{{ r: ({{ x: 0, y: 1 }} + {' + '.join([layer] * 250)}).x }}"
    assert run_with_large_stack(lambda: events(text)) == {b'{"r":250}'}
