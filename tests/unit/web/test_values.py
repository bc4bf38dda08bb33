"""What the studio shows: values as text, rows, sparklines, histories, requests."""

import json
from dataclasses import replace

import pytest

from eventer.api.wire.generator_requests import AddBody
from eventer.core.errors import EventerError, RequestError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    EventContext,
    FixedPopulation,
    KafkaTarget,
    PostgresTarget,
    ReferencedStream,
    Stream,
    Template,
    TimelineSpec,
)
from eventer.core.pace import Cron, EventRate, PaceSpec, Steady, ticks
from eventer.core.source import Place
from eventer.core.value_schema import Record, RecordField, RecordSchemas, Scalar, ScalarKind
from eventer.service.recent_errors import PastError
from eventer.service.record_schemas import record_schema_texts
from eventer.service.requests import EventRequest
from eventer.service.shard_totals import ShardTotals
from eventer.service.views import PacePreview, RecomputedEvents, ShardId, Snapshot
from eventer.web.format import format_bytes, format_clock, format_count, format_rate, format_seconds
from eventer.web.history import RECENT_SAMPLES, Sample, Sampler, summary_of
from eventer.web.pace_choices import choice_of, pace_of
from eventer.web.request_texts import command_text, curl_text, json_text, request_of, single_request
from eventer.web.rows import row_of, totals_of
from eventer.web.sparkline import SPARK_HEIGHT, SPARK_WIDTH, sparkline
from eventer.workers.inspector_messages import PreviewedStep
from tests.families import family
from tests.unit.api.canned_service import BIGGEST, CannedService, view


@family(
    ("text", "expected"),
    [
        (format_rate(0.933), "0.93/s"),
        (format_rate(1250), "1,250/s"),
        (format_rate(0.00012), "0.00012/s"),
        (format_count(0), "0"),
        (format_count(1234567), "1,234,567"),
        (format_count(49877.6), "49,878"),
        (format_bytes(999), "999 B"),
        (format_bytes(24 << 20), "24 MiB"),
        (format_bytes(1536), "1.5 KiB"),
        (format_seconds(0), "0 s"),
        (format_seconds(0.12), "120 ms"),
        (format_seconds(6.5), "6.5 s"),
        (format_seconds(200), "3 min"),
        (format_seconds(90_000), "1 d"),
    ],
)
def test_values_have_units(text, expected):
    assert text == expected


def test_a_row_has_the_error_with_its_place():
    row = row_of(view(), None)
    assert (row["id"], row["name"], row["target"]) == (str(BIGGEST), "kafka:boo", "kafka:boo")
    assert (row["note"], row["state"], row["past"]) == (
        "10 every 10s · crazy_airflow", "failed", False,
    )  # fmt: skip
    assert row["error"] == "division by zero (line 2, column 5)"
    assert row["spark"] == ""


def test_a_sparkline_fills_its_box_with_the_newest_value_at_the_right():
    points = [tuple(map(float, p.split(","))) for p in sparkline([0, 5, 10]).split()]
    assert points == [(0, SPARK_HEIGHT - 2), (SPARK_WIDTH / 2, 12), (SPARK_WIDTH, 2)]
    assert len(sparkline([1.0] * 300).split()) == 60


def test_totals_are_sums():
    totals = totals_of([view(1), view(2, lag=4, overdue=2.5)])
    assert (totals.generators, totals.failing, totals.lag, totals.overdue) == (2, 2, 7, 2.5)


def test_a_history_is_limited_and_forgets_removed_generators():
    sampler = Sampler(CannedService())
    shard = ShardTotals()
    for second in range(RECENT_SAMPLES + 5):
        shard.lateness[3] += 1
        shards = {ShardId("kafka", 0): shard}
        sampler.add(Snapshot((view(1, bytes=second * 100),), shards, ()), float(second))
    history = sampler.histories[1]
    assert len(history.recent) == RECENT_SAMPLES
    assert len(history.last_hour()) == (RECENT_SAMPLES + 5 + 19) // 20
    newest = history.recent[-1]
    assert (newest.bytes_rate, newest.p50, newest.p99) == (100, 0.05, 0.05)
    assert [each.at for each in history.last_hour()[-2:]] == [299, 304], "the last part grows"
    sampler.add(Snapshot((), {}, ()), 1e9)
    assert sampler.histories == {}


def test_a_sample_of_the_hour_has_mean_rates_and_the_greatest_lateness():
    first, last = Sample(1, 2.0, 0, 7, 0.5, 0.05, None), Sample(2, 4.0, 300, 0, 0, None, None)
    assert summary_of([first, last]) == Sample(2, 3.0, 150, 7, 0.5, 0.05, None)


@family(
    ("pace", "fields"),
    [
        (ticks(3, 5), ("All at once", 3, 5)),
        (PaceSpec(Steady(EventRate(3, 5)), "random"), ("At random times", 3, 5)),
        (PaceSpec(Steady(EventRate(3, 5))), ("Evenly", 3, 5)),
        (pace_of("Day and night, UTC", 3, 5), ("Day and night, UTC", 3, 5)),
        (PaceSpec(Cron("* * * * *")), ("All at once", 1, 10**9)),
    ],
)
def test_a_pace_fills_the_fields_of_the_dialog(pace, fields):
    assert choice_of(pace) == fields
    assert choice_of(pace_of(*fields)) == fields


def test_a_day_has_the_mean_rate_and_a_pace_is_not_zero():
    assert sum(pace_of("Day and night, UTC", 1, 1).shape.multipliers) == 24
    for count, interval in ((0, 1), (1, 0)):
        with pytest.raises(RequestError, match="greater than zero"):
            pace_of("At random times", count, interval)


def test_the_request_of_a_generator_adds_it_again():
    rules = (FaultRule(FaultKind.NULL, 0.5, ("a",), "header"), FaultRule(FaultKind.DROP, 0.1))
    record = view().record
    record = replace(record, spec=replace(record.spec, faults=rules))
    request = request_of(record, ticks(3, 200_000_000))
    body = AddBody.model_validate(json.loads(json_text(request)))
    again = body.request()
    assert again.destinations[0].target == KafkaTarget("boo", key="id")
    assert again.schedules[0].name == "kafka:boo"
    (event,) = again.events
    assert (event.template, event.pace) == ("{}", ticks(3, 200_000_000))
    assert (event.stream, event.dataset, event.seed) == ("orders", "crazy_airflow", None)
    assert event.faults == rules


def test_the_request_of_a_generator_has_the_events_that_it_refers_to():
    record = view().record
    references = tuple(
        ReferencedStream(
            name, Template("{ a: 1 }", name), Stream(3, "s"), EventContext("d"), population, seeded
        )
        for name, population, seeded in (
            ("event", FixedPopulation(9), True),
            ("countries", FixedPopulation(), False),
        )
    )
    source = record.spec.event_source
    source = replace(source, template=replace(source.template, references=references))
    record = replace(record, spec=replace(record.spec, event_source=source))
    again = AddBody.model_validate(json.loads(json_text(request_of(record)))).request()
    main, *referenced = again.events
    assert main.id == again.schedules[0].event_id == "event-2"
    assert [(each.id, each.count, each.seed, each.pace) for each in referenced] == [
        ("event", 9, 3, None),
        ("countries", None, None, None),
    ]
    assert {(e.template, e.stream, e.dataset) for e in referenced} == {("{ a: 1 }", "s", "d")}


def test_a_request_as_commands():
    event = EventRequest("{ a: 'x' }", id="event", pace=ticks(1, 1_000_000_000), field="template")
    request = single_request(event, PostgresTarget("t", key=("id",)))
    url = "http://localhost:9099"
    assert "$EVENTER_TOKEN" in curl_text(request, url, token=True)
    curl = curl_text(request, url, token=False)
    assert curl.startswith("curl http://localhost:9099/generator/add")
    assert "$EVENTER_TOKEN" not in curl
    assert command_text(request, url).startswith("EVENTER_URL=http://localhost:9099 eventer add -")
    assert json.loads(json_text(request))["destinations"][0]["postgres"] == {
        "table": "t",
        "key": ["id"],
    }


@family(
    ("place", "expected"),
    [
        ((2, 3, 2, 5), "ef"),
        ((1, 1, 2, 2), "ab\nc"),
        ((2, 5, 2, 5), "f"),
        ((9, 1, 9, 1), ""),
    ],
)
def test_a_place_is_a_range_of_characters(place, expected):
    pytest.importorskip("nicegui")
    from eventer.web.editor import offsets_of

    line, column, end_line, end_column = place
    text = "ab\ncdef"
    start, end = offsets_of(text, Place("template", line, column, end_line, end_column, ""))
    assert text[start:end] == expected


def test_the_pace_to_come_is_a_sentence_and_steps():
    pytest.importorskip("nicegui")
    from eventer.web.pace_card import pace_points, pace_summary

    preview = PacePreview(1_000_000_000, 25, 10, 4e8, (4, 2, 1), 7, 9)
    assert pace_points(preview) == [
        [1000, 4e8], [1000.00001, 2e8], [1000.00002, 2e8], [1000.000025, 2e8],
    ]  # fmt: skip
    preview = replace(preview, length=25_000_000_000, bucket=10_000_000_000)
    assert (
        pace_summary(preview) == "7 events in the next 25.0 s, at most 0.40/s, then it is finished"
    )
    assert pace_summary(replace(preview, counts=(0,))) == "no further event is due"


def test_what_is_known_of_a_topic_or_table():
    pytest.importorskip("nicegui")
    from eventer.web.destination_card import destination_facts

    facts = dict(destination_facts(view(partitions=6)))
    assert facts == {"Connection": "kafka", "Topic": "boo", "Partitions": "6", "Key": "id"}
    shown = view()
    target = replace(shown.target, format="avro", key_format="json-schema")
    spec = replace(shown.record.spec, target=target)
    facts = dict(destination_facts(replace(shown, record=replace(shown.record, spec=spec))))
    assert (facts["Format"], facts["Key format"]) == ("avro", "json-schema")


def test_the_schemas_of_a_topic_are_those_that_are_registered():
    spec = view().record.spec
    assert record_schema_texts(spec) == {}
    schemas = RecordSchemas(Record((RecordField("id", Scalar(ScalarKind.INTEGER)),)))
    target = replace(spec.target, topic="boo", format="protobuf")
    spec = replace(spec, target=target, shape=replace(spec.shape, schemas=schemas))
    (text,) = (texts := record_schema_texts(spec)).values()
    assert list(texts) == ["boo-value"]
    assert "message boo {\n  int64 id = 31129049;\n}" in text


def test_provisional_events_are_marked_and_events_are_text():
    pytest.importorskip("nicegui")
    from eventer.web.next_events_card import next_events_markup

    found = RecomputedEvents(7, (b'{"a":"<b>"}', b"2"), (7, 9), provisional_from=8)
    first, last = next_events_markup(found).split('class="event"')[1:]
    assert "&lt;b&gt;" in first
    assert ("provisional" in first, "provisional" in last) == (False, True)
    steps = (PreviewedStep(4, 0, 0, None), PreviewedStep(4, 1, 0, "a"))
    markup = next_events_markup(RecomputedEvents(4, (b"1", b"2"), steps=steps))
    assert ">4.0<" in markup
    assert ">4.1<" in markup


def test_what_is_known_of_timelines_and_references():
    pytest.importorskip("nicegui")
    from eventer.web.generator_details import generator_facts

    known = view(timelines=12, waits_for=("customers", "shops"))
    record = known.record
    spec = replace(record.spec, timeline=TimelineSpec(1_800_000_000_000, "paid"))
    facts = dict(generator_facts(replace(known, record=replace(record, spec=spec))))
    assert facts["Waits for"] == "customers, shops"
    assert facts["Horizon"] == "30m after the start of a timeline"
    assert facts["Steps"] == "only those with `to` 'paid'"
    assert facts["Timelines"] == "12 have begun"


def test_how_often_an_error_occurred():
    pytest.importorskip("nicegui")
    from eventer.web.error_list import occurrence_text

    error = EventerError("refused")
    assert occurrence_text(PastError(error, 0, 0)) == format_clock(0)
    text = occurrence_text(PastError(error, 0, 5_000_000_000, 6))
    assert text == f"6 times, {format_clock(0)} to {format_clock(5_000_000_000)[11:]}"
