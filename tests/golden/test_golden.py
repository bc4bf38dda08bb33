"""Golden cases: a template, and its engine with the reason, first events and plan text.

`GOLDEN_UPDATE=1 pytest -n 0 tests/golden` rewrites the `.golden` files; review the diff.
Every past difference between the two engines has a minimal case here.
"""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from eventer.core.bindings import Binding
from eventer.core.errors import BudgetError, EvaluationError, TemplateError
from eventer.core.model import (
    FixedPopulation,
    GrowingPopulation,
    ReferencedStream,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.jsonnet.importer import FolderImporter
from eventer.plan.engine import EventContext
from eventer.plan.explain import explain_plan
from eventer.plan.explain_text import plan_text
from eventer.plan.prepare import prepare
from eventer.plan.unsupported import PlanUnsupportedError
from eventer.runs.pacing import begin
from eventer.runs.populations import bound_populations
from tests.families import family

HERE = Path(__file__).parent
LIBRARY = FolderImporter(HERE / "library")
CASES = sorted(HERE.glob("*/*.jsonnet"))
UPDATE = os.environ.get("GOLDEN_UPDATE") == "1"
STREAM = Stream(7, "golden")
EVENTS = 3
START = 1_767_225_600_000_000_000


def stream_of(path, population):
    template = Template(path.read_text("utf-8"), path.name)
    return ReferencedStream(path.stem, template, Stream(9), EventContext(), population)


POPULATIONS = {
    "delivered": GrowingPopulation(),
    "receipts": GrowingPopulation(),
    "customers": FixedPopulation(5),
    "countries": FixedPopulation(4),
}
GROWN = bound_populations(
    [
        Binding("delivered", 0, 1, 1, (begin(START - 5_500_000_000, 0, ticks(2, 1_000_000_000)),)),
        Binding(
            "delivered", 2, 1, 1, (begin(START - 60_000_000_000, 0, ticks(1, 60_000_000_000)),)
        ),
        Binding("receipts", 0, 2, 1, (begin(START - 3_000_000_000, 0, ticks(3, 500_000_000)),)),
        Binding(
            "delivered",
            0,
            1,
            1,
            (begin(START - 9_000_000_000, 0, ticks(1, 1_000_000_000)),),
            via=("receipts",),
        ),
        Binding(
            "delivered",
            6,
            1,
            1,
            (begin(START - 9_000_000_000, 0, ticks(1, 1_000_000_000)),),
            2,
            via=("receipts",),
        ),
    ]
)
"""Of `delivered`, 10 events are old enough at the first event of a case, 12 at the second, 1 at the
third; for `receipts`, others are."""
STREAMS = [
    stream_of(path, POPULATIONS.get(path.stem, FixedPopulation()))
    for path in sorted((HERE / "library/streams").glob("*.jsonnet"))
]
"""What cases may refer to: `delivered` and `receipts` have schedules, as the case itself has."""


@lru_cache(len(CASES))
def prepare_case(path):
    text = path.read_text("utf-8")
    template = Template(
        text, path.name, vars='{"given": "g"}', references=tuple(STREAMS), own_name=path.stem
    )
    return prepare(template, LIBRARY)


def location(error):
    return "" if error.place is None else f" at {error.place.line}:{error.place.column}"


def first_events(engine):
    """The first events, or the errors that they raise; one per line."""
    lines = []
    for index in range(EVENTS):
        try:
            batch = engine.generate(index, np.array([START + index * 1_000_000_000]))
        except (EvaluationError, BudgetError) as error:
            lines.append(f"{type(error).__name__}: {error.message}{location(error)}")
        else:
            lines.append(batch.text[0].as_py().decode())
    return lines


def plan_lines(prepared):
    """The plan's text without its first line; empty if there is no plan."""
    try:
        plan = prepared.plan(STREAM, EventContext())
    except PlanUnsupportedError:
        return []
    _, *lines = plan_text(explain_plan(plan)).splitlines()
    return lines


def golden_text(prepared, engine, events):
    """The expected content of a case's `.golden` file."""
    head = [f"engine: {engine.name}", *([f"reason: {engine.reason}"] if engine.reason else [])]
    return "\n".join([*head, "", *events, *plan_lines(prepared)]) + "\n"


def check_golden_file(path, actual):
    file = path.with_suffix(".golden")
    if UPDATE:
        file.write_text(actual, "utf-8")
    assert actual == file.read_text("utf-8")


def test_there_are_at_least_sixty_cases():
    assert len(CASES) >= 60


@family("path", CASES)
def test_case_matches_its_golden_file_and_the_interpreter(path):
    try:
        prepared = prepare_case(path)
    except TemplateError as error:
        check_golden_file(path, f"refused: {error.message}{location(error)}\n")
        return
    engine = prepared.engine(STREAM, EventContext(), engine="auto", populations=GROWN)
    events = first_events(engine)
    assert not getattr(engine, "broken", False), path
    check_golden_file(path, golden_text(prepared, engine, events))
    interpreter = prepared.engine(STREAM, EventContext(), engine="interpreter", populations=GROWN)
    assert events == first_events(interpreter)
