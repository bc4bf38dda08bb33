"""The plan against the interpreter, over templates that hypothesis writes.

`pytest -m slow tests/property/test_plan.py` runs the long version, of PLAN_TEMPLATES.
"""

import os
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from eventer.core.errors import (
    BudgetError,
    DestinationRejectedError,
    EvaluationError,
    TemplateError,
)
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import ColumnType, Stream, Template
from eventer.destinations.kafka.batches import as_bytes_column
from eventer.jsonnet.budget import Budget
from eventer.kernels.json import assemble_loops
from eventer.kernels.kafka.record_batches import RecordColumns
from eventer.plan.compile import COMPILER_DEFECT
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.property.templates import templates
from tests.record_packing import check_marks, check_packed

FEW = 1200
MANY = int(os.environ.get("PLAN_TEMPLATES", "20000"))
ROWS = 24
SPLITS = ((ROWS,), (1, 3, 20), (7, 17), (23, 1))
MINIMUM_SHARE = 0.6
"""The least share of templates that must run on the plan; most others raise in every event."""
PARTS = 2
"""The templates are shared out among so many tests, so that processes can run them side by side."""
COUNTS = pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
NO_TIME_LIMIT = Budget(seconds=None)
START = 1_767_225_600_000_000_000


def due(first, count):
    return START + np.arange(first, first + count, dtype=np.int64) * 1_000_000_000


def outcome(error):
    place = error.place
    where = (place.line, place.column) if place is not None else None
    return (type(error).__name__, error.message, where)


def events_of(engine, first, sizes):
    """Each index of a range to its text, or to the error it raises; and the batches."""
    events, batches = {}, []
    for size in sizes:
        at, end = first, first + size
        while at < end:
            try:
                batch = engine.generate(at, due(at, end - at))
            except (EvaluationError, BudgetError) as error:
                events[at], at = (error.index - at, outcome(error)), at + 1
                continue
            events.update(zip(batch.index.tolist(), batch.text.to_pylist(), strict=True))
            batches.append(batch)
            at = batch.next
        first = end
    return events, batches


def columns(batches, shape):
    """Each column of each row, as far as it can be read."""
    found = {}
    for column in shape.columns:
        for kind in {column.type, ColumnType.JSONB, ColumnType.KEY}:
            for batch in batches:
                try:
                    cells = batch.fields.column("/" + column.name, kind).to_pylist()
                except DestinationRejectedError as error:
                    cells = [("rejected", error.index)]
                found[column.name, kind, batch.first, batch.count] = cells
    return found


def check_match_hints(batch):
    """What a batch says that its texts repeat is true, and packs into what they are.

    Whether it says anything.
    """
    if batch.match_hints is not None and batch.rows:
        check_marks(batch.text.to_pylist(), batch.match_hints)
        if 0 < batch.nbytes < 60_000:
            check_packed(
                RecordColumns(
                    as_bytes_column(batch.text), batch.scheduled, match_hints=batch.match_hints
                )
            )
    return batch.match_hints is not None


def ranges(batches):
    return [(batch.first, batch.count) for batch in batches]


@pytest.mark.parametrize("part", range(PARTS))
@COUNTS
def test_every_template_makes_the_same_events_on_both_engines(count, part):
    assert assemble_loops  # few rows are written, and marked, by compiled code only if it is there
    tally = {"plan": 0, "interpreter": 0, "refused": 0, "repeats": 0}

    @seed(part if count == FEW else random.randrange(1 << 32))
    @settings(
        max_examples=count // PARTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        templates(),
        st.integers(0, 2**64 - 1),
        st.sampled_from((0, 1, 255, 10_000, 2**40)),
        st.sampled_from(SPLITS),
        st.sampled_from((None, "named")),
    )
    def agree(text, start, first, split, name):
        try:
            prepared = prepare(Template(text, vars='{"given": "g"}'))
        except TemplateError:
            tally["refused"] += 1
            return
        stream, context = Stream(start, name), EventContext(dataset="set")
        auto = prepared.engine(
            stream, context, engine="auto", budget=NO_TIME_LIMIT, match_hints=True
        )
        tally[auto.name] += 1
        if auto.name == "interpreter":
            assert auto.reason
            assert not auto.reason.startswith(COMPILER_DEFECT), text
            return
        plain = prepared.engine(stream, context, engine="interpreter", budget=NO_TIME_LIMIT)
        theirs, expected = events_of(plain, first, split)
        ours, batches = events_of(auto, first, split)
        assert ours == theirs, text
        if ranges(batches) == ranges(expected):
            assert columns(batches, prepared.shape) == columns(expected, prepared.shape), text
        assert not auto.broken, text
        for batch in batches:
            tally["repeats"] += check_match_hints(batch)

    run_with_large_stack(agree)  # as every process does that makes events
    print(f"templates: {tally}")
    assert tally["repeats"] >= tally["plan"]
    assert tally["plan"] >= MINIMUM_SHARE * (tally["plan"] + tally["interpreter"])


@st.composite
def event_ranges(draw):
    """Ranges [first, first + count) that cover all rows, in any order, some of them once more."""
    cuts = sorted(draw(st.sets(st.integers(1, ROWS - 1), max_size=6)))
    ranges = [(first, end - first) for first, end in pairwise([0, *cuts, ROWS])]
    again = draw(st.lists(st.sampled_from(ranges), max_size=3))
    across = draw(st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(1, ROWS)), max_size=3))
    return draw(st.permutations([*ranges, *again, *across]))


@pytest.mark.parametrize("name", ["auto", "interpreter"])
@COUNTS
def test_events_depend_neither_on_the_size_of_batches_nor_on_where_they_begin(count, name):
    @settings(
        max_examples=count // 20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(templates(), st.sampled_from((0, 255, 2**40)), event_ranges())
    def agree(text, first, ranges):
        try:
            prepared = prepare(Template(text, vars='{"given": "g"}'))
        except TemplateError:
            return
        engines = [
            prepared.engine(
                Stream(START, "s"), EventContext(dataset="set"), engine=name, budget=NO_TIME_LIMIT
            )
            for _ in range(2)
        ]
        whole, _ = events_of(engines[0], first, [ROWS + max(count for _, count in ranges)])
        for start, count in ranges:
            part, _ = events_of(engines[1], first + start, [count])
            assert part == {index: whole[index] for index in part}, text
            assert len(part) == count

    run_with_large_stack(agree)  # as every process does that makes events
