"""Compares the plan engine with the interpreter on random templates.

`pytest -m slow tests/property/test_plan.py` runs PLAN_TEMPLATES templates.
"""

import os
import random
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from eventer.core.errors import (
    DestinationRejectedError,
    TemplateError,
)
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import ColumnType, Stream, Template
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.jsonnet.budget import Budget
from eventer.kernels.json import assemble_loops
from eventer.kernels.kafka.record_batches import RecordColumns
from eventer.plan.compile import COMPILER_DEFECT
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.property.comparisons import VARIABLES
from tests.property.generated_events import START, events_of
from tests.property.templates import templates
from tests.record_packing import check_marks, check_packed

FEW = 800
MANY = int(os.environ.get("PLAN_TEMPLATES", "20000"))
ROWS = 24
SPLITS = ((ROWS,), (1, 3, 20), (7, 17), (23, 1))
MINIMUM_SHARE = 0.6
"""The smallest share of templates that must use the plan; most others fail in every event."""
PARTS = 2
"""The number of tests that share the templates, so that processes can run them in parallel."""
WITH_COUNT = pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
NO_TIME_LIMIT = Budget(seconds=None)


def columns(batches, shape):
    """The cells of each column in each batch; ("rejected", index) if a cell cannot be converted."""
    result = {}
    for column in shape.columns:
        for kind in {column.type, ColumnType.JSONB, ColumnType.KEY}:
            for batch in batches:
                try:
                    cells = batch.fields.column("/" + column.name, kind).to_pylist()
                except DestinationRejectedError as error:
                    cells = [("rejected", error.index)]
                result[column.name, kind, batch.first, batch.count] = cells
    return result


def check_match_hints(batch):
    """Checks that the match hints are correct and that packing with them keeps the texts.

    Returns whether the batch has match hints.
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
@WITH_COUNT
def test_both_engines_generate_the_same_events(count, part):
    assert assemble_loops  # without it, small batches have no match hints
    counts = {"plan": 0, "interpreter": 0, "rejected": 0, "match_hints": 0}

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
    def check(text, start, first, split, name):
        try:
            prepared = prepare(Template(text, vars=VARIABLES))
        except TemplateError:
            counts["rejected"] += 1
            return
        stream, context = Stream(start, name), EventContext(dataset="set")
        plan_engine = prepared.engine(
            stream, context, engine="auto", budget=NO_TIME_LIMIT, match_hints=True
        )
        counts[plan_engine.name] += 1
        if plan_engine.name == "interpreter":
            assert plan_engine.reason
            assert not plan_engine.reason.startswith(COMPILER_DEFECT), text
            return
        interpreter = prepared.engine(stream, context, engine="interpreter", budget=NO_TIME_LIMIT)
        expected_events, expected_batches = events_of(interpreter, first, split)
        actual_events, batches = events_of(plan_engine, first, split)
        assert actual_events == expected_events, text
        if ranges(batches) == ranges(expected_batches):
            assert columns(batches, prepared.shape) == columns(expected_batches, prepared.shape), (
                text
            )
        assert not plan_engine.broken, text
        for batch in batches:
            counts["match_hints"] += check_match_hints(batch)

    run_with_large_stack(check)  # as in every process that generates events
    print(f"templates: {counts}")
    assert counts["match_hints"] >= counts["plan"]
    assert counts["plan"] >= MINIMUM_SHARE * (counts["plan"] + counts["interpreter"])


@st.composite
def event_ranges(draw):
    """Ranges [first, first + count) that cover all rows in any order; some rows repeat."""
    cuts = sorted(draw(st.sets(st.integers(1, ROWS - 1), max_size=6)))
    ranges = [(first, stop - first) for first, stop in pairwise([0, *cuts, ROWS])]
    repeated = draw(st.lists(st.sampled_from(ranges), max_size=3))
    overlapping = draw(
        st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(1, ROWS)), max_size=3)
    )
    return draw(st.permutations([*ranges, *repeated, *overlapping]))


@pytest.mark.parametrize("name", ["auto", "interpreter"])
@WITH_COUNT
def test_events_do_not_depend_on_batch_boundaries(count, name):
    @settings(
        max_examples=count // 20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(templates(), st.sampled_from((0, 255, 2**40)), event_ranges())
    def check(text, first, ranges):
        try:
            prepared = prepare(Template(text, vars=VARIABLES))
        except TemplateError:
            return
        engines = [
            prepared.engine(
                Stream(START, "s"), EventContext(dataset="set"), engine=name, budget=NO_TIME_LIMIT
            )
            for _ in range(2)
        ]
        all_events, _ = events_of(engines[0], first, [ROWS + max(count for _, count in ranges)])
        for start, count in ranges:
            part, _ = events_of(engines[1], first + start, [count])
            assert part == {index: all_events[index] for index in part}, text
            assert len(part) == count

    run_with_large_stack(check)  # as in every process that generates events
