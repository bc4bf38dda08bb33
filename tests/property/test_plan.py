"""Compares the plan engine with the interpreter on random templates.

`pytest -m slow tests/property/test_plan.py` runs PLAN_TEMPLATES templates.
"""

import json
import os
import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventer.core.errors import (
    DestinationRejectedError,
    TemplateError,
)
from eventer.core.json_text import json_text
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import ColumnType, Stream, Template, WrittenPart
from eventer.core.pointer import format_pointer
from eventer.core.written_part import written_value
from eventer.destinations.kafka.record_encoding import as_bytes_column
from eventer.jsonnet.budget import Budget
from eventer.kernels.json import assemble_loops
from eventer.kernels.kafka.record_batches import RecordColumns
from eventer.plan.compile_plan import COMPILER_DEFECT
from eventer.plan.engine import EventContext
from eventer.plan.json_fields import JsonFields
from eventer.plan.prepare import prepare
from tests.property.comparisons import VARIABLES
from tests.property.generated_events import START, events_of
from tests.property.references import POPULATIONS, references
from tests.property.rounds import run_rounds
from tests.property.templates import CONSTRUCTS, LIBRARY, random_template, templates
from tests.record_packing import check_marks, check_packed

FEW = 80
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


def check_part(prepared, stream, context, events, text):
    """Checks the plan of a random part of the events; returns whether it has one."""
    rng = random.Random(text)
    part = random_part(rng, [json.loads(e) for e in events.values() if isinstance(e, bytes)])
    engine = prepared.engine(
        stream, context, part=part, budget=NO_TIME_LIMIT, populations=POPULATIONS
    )
    if engine.name == "interpreter":
        return False
    first = min(events)
    actual, batches = events_of(engine, first, [len(events)])
    written = {}
    for index, event in events.items():
        if isinstance(event, bytes):
            written[index] = written_value(json.loads(event), part)
        else:
            assert actual[index][1] == event[1], (part, text)
    for batch in batches:
        values = [written[index] for index in batch.index.tolist()]
        assert batch.text.to_pylist() == [json_text(value).encode() for value in values], (
            part,
            text,
        )
        fields = JsonFields(values, batch.index)
        assert batch.written.names() == fields.names(), (part, text)
        for name in fields.names():
            pointer = format_pointer([name])
            for kind in (ColumnType.JSONB, ColumnType.KEY):
                expected = fields.column(pointer, kind)
                assert batch.written.column(pointer, kind).equals(expected), (part, name, text)
    assert not engine.broken, (part, text)
    return True


def random_part(rng, values):
    """A part that names fields of some values, or fields that they do not have."""
    value = rng.choice([None, *random_pointer(rng, values)])
    whole = WrittenPart(value)
    inside = [written_value(each, whole) for each in values]
    omit = [name for _ in range(rng.randint(0, 3)) for name in random_pointer(rng, inside)]
    return WrittenPart(value, tuple(omit)) if omit or value else WrittenPart(None, ("nothing",))


def random_pointer(rng, values):
    """A pointer to a field of one of the values, if it has any."""
    at, tokens = rng.choice(values) if values else None, []
    while isinstance(at, dict | list) and at and (not tokens or rng.random() < 0.5):
        token = rng.choice([*at]) if isinstance(at, dict) else rng.randrange(len(at))
        at = at[token]
        tokens.append(token)
    return [format_pointer(tokens)] if tokens else []


def ranges(batches):
    return [(batch.first, batch.count) for batch in batches]


STARTS = (0, 1, 255, 10_000, 2**40)
"""Indexes of first events."""
STREAM_NAMES = (None, "named")
MAXIMUM_MORE = 5000


def prepared_template(text, other, own_name=""):
    """A template, prepared with the streams of which `other` is one."""
    streams = references(other)
    template = Template(text, vars=VARIABLES, references=streams, own_name=own_name)
    return prepare(template, LIBRARY)


class Comparison:
    """Compares both engines template by template; counts what was compared."""

    def __init__(self):
        self.counts = Counter(plan=0)
        self.constructs = set()
        """The constructs of all templates that the plan generated."""

    def check(self, template, seed_, first, split, name):
        text = template.text
        try:
            other = random_template(random.Random(seed_), 2).text
            prepared = prepared_template(text, other, "itself")
        except TemplateError:
            self.counts["rejected"] += 1
            return
        stream, context = Stream(seed_, name), EventContext(dataset="set")
        plan_engine = prepared.engine(
            stream,
            context,
            engine="auto",
            budget=NO_TIME_LIMIT,
            match_hints=True,
            populations=POPULATIONS,
        )
        self.counts[plan_engine.name] += 1
        if plan_engine.name == "interpreter":
            assert plan_engine.reason
            assert not plan_engine.reason.startswith(COMPILER_DEFECT), text
            return
        self.constructs |= template.constructs
        interpreter = prepared.engine(
            stream,
            context,
            engine="interpreter",
            budget=NO_TIME_LIMIT,
            populations=POPULATIONS,
        )
        expected_events, expected_batches = events_of(interpreter, first, split)
        actual_events, batches = events_of(plan_engine, first, split)
        assert actual_events == expected_events, text
        if ranges(batches) == ranges(expected_batches):
            assert columns(batches, prepared.shape) == columns(expected_batches, prepared.shape), (
                text
            )
        assert not plan_engine.broken, text
        for batch in batches:
            self.counts["match_hints"] += check_match_hints(batch)
        if len(text) % 8 == 0:
            self.counts["parts"] += check_part(prepared, stream, context, expected_events, text)

    def is_covered(self):
        """Whether enough templates used the plan, with match hints and parts of events."""
        counts = self.counts
        return (
            counts["match_hints"] >= counts["plan"]
            and counts["parts"] > counts["plan"] / 40
            and counts["plan"] >= MINIMUM_SHARE * (counts["plan"] + counts["interpreter"])
        )

    def check_missing_constructs(self, rng):
        """Checks more templates until the plan has generated every construct of the grammar."""
        for _ in range(MAXIMUM_MORE):
            missing = CONSTRUCTS - self.constructs
            if not missing:
                return
            template = random_template(rng)
            if template.constructs & missing:
                split, name = rng.choice(SPLITS), rng.choice(STREAM_NAMES)
                self.check(template, rng.getrandbits(64), rng.choice(STARTS), split, name)
        raise AssertionError(f"no plan for {missing}")


@pytest.mark.parametrize("part", range(PARTS))
@WITH_COUNT
def test_both_engines_generate_the_same_events(count, part):
    assert assemble_loops  # without it, small batches have no match hints
    comparison = Comparison()
    first_seed = part if count == FEW else random.randrange(1 << 32)

    def check(template, seed_, first, split, name):
        comparison.check(template, seed_, first, split, name)

    def check_all():
        run_rounds(
            check,
            templates(),
            st.integers(0, 2**64 - 1),
            st.sampled_from(STARTS),
            st.sampled_from(SPLITS),
            st.sampled_from(STREAM_NAMES),
            examples=count // PARTS,
            first_seed=first_seed,
            is_covered=comparison.is_covered,
        )
        if part == 0:
            comparison.check_missing_constructs(random.Random(first_seed))

    run_with_large_stack(check_all)  # as in every process that generates events
    print(f"templates: {dict(comparison.counts)}")
    assert comparison.is_covered(), comparison.counts


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
        max_examples=max(16, count // 10),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(templates(), st.sampled_from((0, 255, 2**40)), event_ranges())
    def check(template, first, ranges):
        text = template.text
        try:
            prepared = prepared_template(text, "{ a: 1 }")
        except TemplateError:
            return
        engines = [
            prepared.engine(
                Stream(START, "s"),
                EventContext(dataset="set"),
                engine=name,
                budget=NO_TIME_LIMIT,
                populations=POPULATIONS,
            )
            for _ in range(2)
        ]
        all_events, _ = events_of(engines[0], first, [ROWS + max(count for _, count in ranges)])
        for start, count in ranges:
            part, _ = events_of(engines[1], first + start, [count])
            assert part == {index: all_events[index] for index in part}, text
            assert len(part) == count

    run_with_large_stack(check)  # as in every process that generates events
