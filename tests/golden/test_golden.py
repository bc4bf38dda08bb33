"""Templates beside what becomes of them: the engine and why, the plan's text, the first events.

`GOLDEN_UPDATE=1 pytest -n 0 tests/golden` writes the `.golden` files anew; read the difference.
Every disagreement of the two engines that was ever found has a case here, as small as it can be.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from eventer.core.errors import BudgetError, EvaluationError, TemplateError
from eventer.core.model import Stream, Template
from eventer.jsonnet.importer import FolderImporter
from eventer.plan.engine import EventContext
from eventer.plan.explain import explain_plan
from eventer.plan.explain_text import plan_text
from eventer.plan.prepare import prepare
from eventer.plan.unsupported import PlanUnsupportedError

HERE = Path(__file__).parent
LIBRARY = FolderImporter(HERE / "library")
CASES = sorted(HERE.glob("*/*.jsonnet"))
UPDATE = os.environ.get("GOLDEN_UPDATE") == "1"
STREAM = Stream(7, "golden")
EVENTS = 3
START = 1_767_225_600_000_000_000


def case_name(path):
    return path.relative_to(HERE).with_suffix("").as_posix()


def prepared(path):
    template = Template(path.read_text("utf-8"), path.name, vars='{"given": "g"}')
    return prepare(template, LIBRARY)


def place(error):
    return "" if error.place is None else f" at {error.place.line}:{error.place.column}"


def first_events(engine):
    """The first events, one a line; what raises, as its error."""
    lines = []
    for index in range(EVENTS):
        try:
            batch = engine.generate(index, np.array([START + index * 1_000_000_000]))
        except (EvaluationError, BudgetError) as error:
            lines.append(f"{type(error).__name__}: {error.message}{place(error)}")
        else:
            lines.append(batch.text[0].as_py().decode())
    return lines


def plan_lines(found):
    """The plan's text below its engine; nothing where there is no plan."""
    try:
        plan = found.plan(STREAM, EventContext())
    except PlanUnsupportedError:
        return []
    _, *lines = plan_text(explain_plan(plan)).splitlines()
    return lines


def golden(path):
    """What the `.golden` file of a case says."""
    try:
        found = prepared(path)
    except TemplateError as error:
        return f"refused: {error.message}{place(error)}\n"
    engine = found.engine(STREAM, EventContext(), engine="auto")
    head = [f"engine: {engine.name}", *([f"reason: {engine.reason}"] if engine.reason else [])]
    return "\n".join([*head, "", *first_events(engine), *plan_lines(found)]) + "\n"


def test_there_are_enough():
    assert len(CASES) >= 60


@pytest.mark.parametrize("path", CASES, ids=case_name)
def test_case_matches_its_golden_file(path):
    file = path.with_suffix(".golden")
    made = golden(path)
    if UPDATE:
        file.write_text(made, "utf-8")
    assert made == file.read_text("utf-8")


@pytest.mark.parametrize("path", CASES, ids=case_name)
def test_both_engines_make_the_same_events(path):
    try:
        found = prepared(path)
    except TemplateError:
        return
    made = [
        first_events(found.engine(STREAM, EventContext(), engine=name))
        for name in ("auto", "interpreter")
    ]
    assert made[0] == made[1]
