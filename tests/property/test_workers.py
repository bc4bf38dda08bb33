"""Events are the same whoever makes them: any number of processes, each with its share."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from eventer.core.model import Stream, Template
from eventer.jsonnet.importer import FolderImporter
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.property.test_plan import events_of

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("orders", "page-events", "payments", "debezium-orders", "metrics", "surveys")
RAISING = """
local get_integer = std.native('get_integer');
{ n: get_integer(0, 9), list: [100 / get_integer(0, 9) for _ in std.range(1, self.n)] }
"""
WORKERS = 3
ROWS = 240
RANGE = 20
FIRST = 9_990


def engine(name):
    stream, context = Stream(5, name), EventContext(dataset="set", instance_id="i")
    if name == "raising":
        return prepare(Template(RAISING)).engine(stream, context)
    template = Template((EXAMPLES / f"{name}.jsonnet").read_text("utf-8"), name)
    found = prepare(template, FolderImporter(EXAMPLES / "library"))
    return found.engine(stream, context)


def share(worker, workers):
    """What a worker makes: every so manieth range of every generator, the last one first."""
    ranges = range(FIRST + worker * RANGE, FIRST + ROWS, workers * RANGE)
    found = {}
    for name in ("raising", *NAMES):
        makes = engine(name)
        for first in reversed(ranges):
            events, _ = events_of(makes, first, [RANGE])
            found |= {(name, index): event for index, event in events.items()}
    return found


@pytest.fixture(scope="module")
def alone():
    found = share(0, 1)
    assert len(found) == (1 + len(NAMES)) * ROWS
    assert sum(isinstance(event, tuple) for event in found.values()) > ROWS / 10
    return found


def test_any_number_of_workers_makes_the_same_events(alone):
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        shares = [*pool.map(share, range(WORKERS), [WORKERS] * WORKERS)]
    assert all(shares)
    together = {place: event for found in shares for place, event in found.items()}
    assert sum(map(len, shares)) == len(together)
    assert together == alone
