from dataclasses import replace

import pytest

from eventer.core.clock import NS_PER_SECOND
from eventer.core.model import (
    EventContext,
    EventShape,
    EventSource,
    KafkaTarget,
    PostgresTarget,
    Stream,
    Template,
    TimelineSpec,
)
from eventer.service import recent_inspections
from eventer.service.recent_inspections import KEEP_NS, RecentInspections
from eventer.workers.inspector_messages import Inspection, InspectTemplate

TABLE, TOPIC = PostgresTarget("t", value="/a"), KafkaTarget("t", key="id")


def inspection(**facts):
    return Inspection(
        template=Template("{}"),
        digest="d",
        fingerprint="f",
        engine="plan",
        reason=None,
        shape=EventShape((), is_object=True),
        warnings=(),
        fault_errors={TABLE: (), TOPIC: ()},
        part_shapes={TABLE: EventShape((), is_object=False)},
        holds_for_all_streams=True,
        **facts,
    )


def question(text="{}", *, seed=1, dataset=None, at=0, targets=(TABLE, TOPIC), timeline=None):
    source = EventSource(Template(text), Stream(seed), EventContext(dataset))
    return InspectTemplate(source, at, 100, 1.0, targets, timeline)


def test_generators_of_one_template_share_an_inspection():
    recent, found = RecentInspections(), inspection()
    recent.keep(question(), found)
    assert recent.find(question(seed=2, dataset="other", at=NS_PER_SECOND)) == found


def test_other_topics_and_tables_get_the_same_answer_by_their_names():
    recent, found = RecentInspections(), inspection()
    recent.keep(question(), found)
    table, topic = replace(TABLE, table="u"), replace(TOPIC, topic="u", connection="other")
    renamed = recent.find(question(targets=(table, topic)))
    assert renamed == replace(
        found,
        fault_errors={table: (), topic: ()},
        part_shapes={table: found.part_shapes[TABLE]},
    )


@pytest.mark.parametrize(
    "other",
    [
        question("{ }"),
        question(at=KEEP_NS),
        question(at=-1),
        question(targets=(TOPIC, TABLE)),
        question(targets=(TABLE, replace(TOPIC, key="name"))),
        question(timeline=TimelineSpec(NS_PER_SECOND)),
        replace(question(), faults=(object(),)),
    ],
)
def test_other_questions_are_asked(other):
    recent = RecentInspections()
    recent.keep(question(), inspection())
    assert recent.find(other) is None


@pytest.mark.parametrize("formats", [{"format": "avro"}, {"key_format": "avro"}])
def test_topics_with_schemas_do_not_share_the_names_of_schemas(formats):
    recent, topic = RecentInspections(), replace(TOPIC, **formats)
    found = replace(
        inspection(), fault_errors={topic: ()}, part_shapes={}, schema_texts={"t-value": "{}"}
    )
    recent.keep(question(targets=(topic,)), found)
    assert recent.find(question(targets=(replace(topic, topic="u"),))) is None
    assert recent.find(question(targets=(replace(topic, connection="other"),))) is not None


def test_what_depends_on_the_stream_is_not_kept():
    recent = RecentInspections()
    recent.keep(question(), replace(inspection(), holds_for_all_streams=False))
    assert recent.find(question()) is None


def test_the_oldest_inspections_are_dropped(monkeypatch):
    monkeypatch.setattr(recent_inspections, "MAX_CHARACTERS", 9)
    recent = RecentInspections()
    for text in ("{}", "[]", "[]", "{ }"):
        recent.keep(question(text), inspection())
    known = [text for text in ("{}", "[]", "{ }") if recent.find(question(text))]
    assert known == ["[]", "{ }"]


def test_variables_count_as_characters(monkeypatch):
    monkeypatch.setattr(recent_inspections, "MAX_CHARACTERS", 50)
    recent, asked = RecentInspections(), question()
    source = asked.event_source
    template = replace(source.template, vars='{"a": "%s"}' % ("x" * 50))
    asked = replace(asked, event_source=replace(source, template=template))
    recent.keep(asked, inspection())
    assert recent.find(asked) is None
