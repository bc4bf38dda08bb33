"""The programs of docs/how-to/bad-events.md score a consumer."""

import io
import json
import sys

import numpy as np

from eventer.api.wire.fault_rules import FaultsOut
from eventer.api.wire.generator_requests import AddBody
from eventer.core.model import (
    ColumnType,
    EventContext,
    EventSource,
    GeneratorSpec,
    Stream,
    Template,
)
from eventer.plan.prepare import prepare
from eventer.workers.inspector_messages import HealthyEvent, RecomputedFaults
from tests.unit.doc_pages import ROOT, Page

ROWS = 1_000


def test_the_consumer_of_the_page_is_scored(tmp_path, monkeypatch, capsys):
    page = Page(ROOT / "docs" / "how-to" / "bad-events.md")
    request = AddBody.model_validate_json(page.blocks("json")[0]).request()
    (event,), (destination,) = request.events, request.destinations
    source = EventSource(Template(event.template), Stream(1), EventContext())
    spec = GeneratorSpec(source, destination.target, faults=event.faults)
    engine = prepare(source.template).generator_engine(spec)
    batch = engine.generate(0, np.zeros(ROWS, np.int64))
    keys = batch.fields.column("/id", ColumnType.KEY).to_pylist()
    lines = [b"%b\t%b\n" % pair for pair in zip(keys, batch.text.to_pylist(), strict=True)]
    consumer, score = page.blocks("python")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(b"".join(lines).decode()))
    exec(consumer, {})
    (tmp_path / "rejected.txt").write_text(capsys.readouterr().out)
    (tmp_path / "key.ndjson").write_text(answer_key(engine))
    exec(score, {})
    found, healthy, *_ = capsys.readouterr().out.splitlines()
    number, of = (int(word) for word in found.split() if word.isdecimal())
    assert 0.6 * of < number < of < 100
    assert healthy == "rejected 0 healthy events"


def answer_key(engine):
    healthy = engine.engine.generate(0, np.zeros(ROWS, np.int64))
    events = tuple(
        HealthyEvent(each.row, each.faults, healthy.text[each.row].as_py())
        for each in engine.injector.faulty_events(healthy)
    )
    answer = json.loads(FaultsOut.body_of(RecomputedFaults(0, events)))
    return "\n".join(map(json.dumps, answer["events"]))
