"""Golden cases of timelines: the engine with the reason, and the steps or the error of each.

`GOLDEN_UPDATE=1 pytest -n 0 tests/golden` rewrites the `.golden` files; review the diff.
"""

from pathlib import Path

import numpy as np

from eventer.core.errors import TemplateError
from eventer.core.timelines import parse_horizon
from eventer.plan.engine import EventContext
from tests.families import family
from tests.golden.test_golden import START, STREAM, check_golden_file, location, prepare_case

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*.jsonnet"))
HORIZON = parse_horizon("30m")
TIMELINES = 6
ALONE = (4, 1)


def described(rows):
    """A line for each step, of timelines of many steps the first; or the error."""
    texts, codes = rows.texts.to_pylist(), rows.to.tolist()
    for row in range(len(rows)):
        error = rows.errors.get(row)
        if error is not None:
            hint = f" ({error.hint})" if error.hint else ""
            yield f"{row}: {type(error).__name__}: {error.message}{location(error)}{hint}"
        for step in range(rows.offsets[row], rows.offsets[row + 1])[:8]:
            after, name = rows.after[step] / 1e9, rows.names[codes[rows.place[step]]] or "-"
            yield f"{row}: +{after:.6f} {name} {texts[rows.place[step]].decode()}"


def evaluated(timelines):
    """The lines of the first timelines, which are the same in any portions and any order."""
    index = np.arange(TIMELINES)
    starts = START + index * 1_000_000_000
    rows = timelines.evaluate(index, starts)
    lines = [*described(rows)]
    assert len(rows) == TIMELINES
    if len(rows.after) > 100 or len(rows.errors) == TIMELINES:
        return lines
    alone = timelines.evaluate(index[[*ALONE]], starts[[*ALONE]])
    for row, number in enumerate(ALONE):
        assert [line.partition(": ")[2] for line in described(alone) if line[0] == str(row)] == [
            line.partition(": ")[2] for line in lines if line[0] == str(number)
        ]
    assert not getattr(timelines, "broken", False)
    return lines


@family("path", CASES)
def test_case_matches_its_golden_file_and_the_interpreter(path):
    try:
        prepared = prepare_case(path)
    except TemplateError as error:
        check_golden_file(path, f"refused: {error.message}{location(error)}\n")
        return
    timelines = prepared.timelines(STREAM, EventContext(), HORIZON)
    lines = evaluated(timelines)
    reason = [f"reason: {timelines.reason}"] if timelines.reason else []
    check_golden_file(path, "\n".join([f"engine: {timelines.name}", *reason, "", *lines]) + "\n")
    interpreted = prepared.timelines(STREAM, EventContext(), HORIZON, engine="interpreter")
    assert lines == evaluated(interpreted)
