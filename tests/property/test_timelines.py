"""Compares the timelines of both engines on random templates.

`pytest -m slow tests/property/test_timelines.py` runs PLAN_TEMPLATES templates.
"""

import os
import random

import numpy as np
import pytest
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError, TemplateError
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import ColumnType, Stream, WrittenPart
from eventer.core.pointer import format_pointer
from eventer.core.timelines import parse_horizon
from eventer.plan.compile_plan import COMPILER_DEFECT
from eventer.plan.engine import EventContext
from eventer.plan.timelines.field_columns import TextFields
from tests.property.generated_events import outcome, scheduled_times
from tests.property.rounds import run_rounds
from tests.property.test_plan import NO_TIME_LIMIT, prepared_template
from tests.property.timelines import timeline_templates

FEW = 25
MANY = int(os.environ.get("PLAN_TEMPLATES", "5000"))
ROWS = 16
HORIZON = parse_horizon("30m")
PARTS = (WrittenPart(), WrittenPart("a"), WrittenPart(None, ("b", "/a/c")))


def evaluated(timelines, index):
    """The steps, or the error, of each timeline."""
    found, done = {}, 0
    starts = scheduled_times(0, ROWS)[index]
    while done < len(index):
        rows = timelines.evaluate(index[done:], starts[done:])
        columns = [
            [rows.names[code] for code in rows.to.tolist()],
            rows.content.texts.to_pylist(),
            rows.content.events.to_pylist(),
        ]
        for row in range(len(rows)):
            steps = range(rows.offsets[row], rows.offsets[row + 1])
            error = rows.errors.get(row)
            found[int(index[done + row])] = (
                outcome(error)
                if error
                else [
                    (rows.after[step], *(column[rows.place[step]] for column in columns))
                    for step in steps
                ]
            )
        done += len(rows)
    return found


def check_columns(timelines):
    """Checks that the columns of all fields are those that the texts have."""
    content = timelines.evaluate(np.arange(ROWS), scheduled_times(0, ROWS)).content
    for written, texts in ((False, content.events), (True, content.texts)):
        fields = TextFields(texts, np.arange(len(texts)))
        if not len(texts):
            continue
        names = content.columns.names(written=written)
        assert names >= fields.names()
        for name in names:
            pointer = format_pointer([name])
            for kind in (ColumnType.JSONB, ColumnType.KEY):
                found = content.columns.column((pointer, kind, written))
                assert found.equals(fields.column(pointer, kind)), (name, kind)


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_both_engines_evaluate_the_same_timelines(count):
    counts = {"plan": 0, "interpreter": 0, "rejected": 0, "steps": 0, "errors": 0}

    def check(text, start, part):
        try:
            prepared = prepared_template(text, "{ a: 1 }")
        except TemplateError:
            counts["rejected"] += 1
            return
        options = {"part": part, "budget": NO_TIME_LIMIT}
        stream, context = Stream(start), EventContext(dataset="set")
        try:
            planned = prepared.timelines(stream, context, HORIZON, **options)
        except EvaluationError as error:
            if "a timeline cannot refer to" not in str(error):
                raise
            counts["rejected"] += 1
            return
        counts[planned.name] += 1
        if planned.name == "interpreter":
            assert planned.reason
            assert not planned.reason.startswith(COMPILER_DEFECT), text
            return
        interpreted = prepared.timelines(stream, context, HORIZON, engine="interpreter", **options)
        expected = evaluated(interpreted, np.arange(ROWS))
        assert evaluated(planned, np.arange(ROWS)) == expected, text
        some = np.array(random.Random(start).sample(range(ROWS), 5))
        assert evaluated(planned, some) == {row: expected[row] for row in some.tolist()}, text
        check_columns(planned)
        assert not planned.broken, text
        counts["steps"] += sum(
            isinstance(steps, list) and len(steps) for steps in expected.values()
        )
        counts["errors"] += sum(isinstance(steps, tuple) for steps in expected.values())

    def is_covered():
        share = 0.5 * (counts["plan"] + counts["interpreter"])
        return counts["plan"] >= share and counts["steps"] > count and counts["errors"] > 0

    run_with_large_stack(
        lambda: run_rounds(
            check,
            timeline_templates(),
            st.integers(0, 2**64 - 1),
            st.sampled_from(PARTS),
            examples=count,
            first_seed=3 if count == FEW else random.randrange(1 << 32),
            is_covered=is_covered,
        )
    )
    print(f"timelines: {counts}")
    assert is_covered(), counts
