"""Events do not depend on the number of processes that generate them."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from eventer.core.model import Stream, Template
from eventer.jsonnet.importer import FolderImporter
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from tests.forkserver import forkserver
from tests.property.generated_events import events_of

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
    prepared = prepare(template, FolderImporter(EXAMPLES / "library"))
    return prepared.engine(stream, context)


def worker_events(worker, workers):
    """Events of one of `workers` workers: every `workers`-th range, in reverse order."""
    ranges = range(FIRST + worker * RANGE, FIRST + ROWS, workers * RANGE)
    events = {}
    for name in ("raising", *NAMES):
        generator_engine = engine(name)
        for first in reversed(ranges):
            generated, _ = events_of(generator_engine, first, [RANGE])
            events |= {(name, index): event for index, event in generated.items()}
    return events


@pytest.fixture(scope="module")
def single_worker_events():
    events = worker_events(0, 1)
    assert len(events) == (1 + len(NAMES)) * ROWS
    assert sum(isinstance(event, tuple) for event in events.values()) > ROWS / 10
    return events


def test_three_workers_generate_the_same_events_as_one(single_worker_events):
    with ProcessPoolExecutor(WORKERS, mp_context=forkserver()) as pool:
        results = [*pool.map(worker_events, range(WORKERS), [WORKERS] * WORKERS)]
    assert all(results)
    merged = {key: event for events in results for key, event in events.items()}
    assert sum(map(len, results)) == len(merged)
    assert merged == single_worker_events
