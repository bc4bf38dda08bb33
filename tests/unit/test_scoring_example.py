"""The programs of docs/how-to/bad-events.md score a consumer."""

import io
import json
import sys

import numpy as np

from eventer.api.wire.fault_rules import FaultsOut
from eventer.api.wire.generator_requests import AddBody
from eventer.core.fault_rules_json import read_rules
from eventer.core.model import (
    ColumnType,
    EventContext,
    EventSource,
    GeneratorSpec,
    Stream,
    Template,
)
from eventer.jsonnet.importer import NoLibrary
from eventer.plan.prepare import prepare
from eventer.workers.inspector_messages import HealthyEvent, PreviewEvents, RecomputedFaults
from eventer.workers.inspector_requests import reply_to
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
    _, consumer, score = page.blocks("python")
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


def test_the_consumer_of_the_page_finds_the_copies_of_a_preview(monkeypatch, capsys):
    page = Page(ROOT / "docs" / "how-to" / "bad-events.md")
    files = page.files()
    rules = read_rules(json.loads(files["faults.json"]))
    source = EventSource(Template(files["clicks.jsonnet"]), Stream(7), EventContext())
    request = PreviewEvents(source, 0, 0, ROWS, faults=rules)
    answer = reply_to(request, NoLibrary()).answer
    lines = b"".join(event + b"\n" for event in answer.events).decode()
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    exec(page.blocks("python")[0], {})
    found = capsys.readouterr().out.splitlines()
    assert len(found) == sum(step.step > 0 for step in answer.steps) > 0
    assert len(answer.events) == ROWS + len(found)


def answer_key(engine):
    healthy = engine.engine.generate(0, np.zeros(ROWS, np.int64))
    events = tuple(
        HealthyEvent(each.row, each.faults, healthy.text[each.row].as_py())
        for each in engine.injector.faulty_events(healthy)
    )
    answer = json.loads(FaultsOut.body_of(RecomputedFaults(0, events)))
    return "\n".join(map(json.dumps, answer["events"]))
