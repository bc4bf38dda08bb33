"""Compares the deliveries of events with faults by both engines on random templates.

`pytest -m slow tests/property/test_faults.py` uses PLAN_TEMPLATES templates.
"""

import os
import random

import numpy as np
import pytest
from hypothesis import strategies as st

from eventer.core.errors import TemplateError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.large_stack import run_with_large_stack
from eventer.core.model import ConsoleTarget, Stream
from eventer.plan.engine import EventContext
from tests.property.rounds import run_rounds
from tests.property.templates import templates
from tests.property.test_plan import NO_TIME_LIMIT, prepared_template
from tests.property.test_timelines import ROWS, evaluated

FEW = 8
MANY = int(os.environ.get("PLAN_TEMPLATES", "5000"))
TARGETS = (ConsoleTarget(), ConsoleTarget(value="a"), ConsoleTarget(omit=("b", "/a/c")))


@st.composite
def rules(draw):
    """Rules of random kinds; some name fields that templates often have."""
    found = []
    for kind in draw(st.lists(st.sampled_from(FaultKind), min_size=1, max_size=6)):
        first, second = draw(st.integers(0, 10**9)), draw(st.integers(1, 10**9))
        fields = ("a", "/b/c", "/a/0", "c") if kind.has_fields else ()
        by = (min(first, second), max(first, second)) if kind.has_delay else None
        label = None if kind is FaultKind.DROP else draw(st.sampled_from([None, "header"]))
        probability = draw(st.sampled_from([0.1, 0.5, 1]))
        found.append(FaultRule(kind, probability, fields, label, by))
    return tuple(found)


def labels(timelines, count):
    rows = timelines.evaluate(np.arange(count), np.zeros(count, np.int64))
    found = rows.content.labels
    return None if found is None else found.take(rows.place).to_pylist()


@pytest.mark.parametrize(
    "count", [FEW, pytest.param(MANY, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_both_engines_deliver_the_same_events_with_faults(count):
    counts = {"plan": 0, "interpreter": 0, "rejected": 0, "copies": 0}

    def check(template, start, faults, target):
        text = template.text
        try:
            prepared = prepared_template(template.text, "{ a: 1 }")
        except TemplateError:
            counts["rejected"] += 1
            return

        def delayed(engine):
            options = {"part": target.part, "budget": NO_TIME_LIMIT, "engine": engine}
            healthy = prepared.engine(Stream(start), EventContext(dataset="set"), **options)
            faulty = prepared.with_faults(healthy, Stream(start), faults, target)
            return prepared.delayed_events(faulty, Stream(start), faults)

        planned = delayed("auto")
        counts[planned.name] += 1
        if planned.name == "interpreter":
            return
        expected = evaluated(delayed("interpreter"), np.arange(ROWS))
        assert evaluated(planned, np.arange(ROWS)) == expected, text
        some = np.array(random.Random(start).sample(range(ROWS), 5))
        assert evaluated(planned, some) == {row: expected[row] for row in some.tolist()}, text
        assert labels(planned, ROWS) == labels(delayed("interpreter"), ROWS), text
        counts["copies"] += sum(
            len(steps) - 1 for steps in expected.values() if isinstance(steps, list)
        )

    def is_covered():
        share = 0.5 * (counts["plan"] + counts["interpreter"])
        return counts["plan"] >= share and counts["copies"] > 0

    run_with_large_stack(
        lambda: run_rounds(
            check,
            templates(),
            st.integers(0, 2**64 - 1),
            rules(),
            st.sampled_from(TARGETS),
            examples=count,
            first_seed=5 if count == FEW else random.randrange(1 << 32),
            is_covered=is_covered,
        )
    )
    print(f"faults: {counts}")
    assert is_covered(), counts
