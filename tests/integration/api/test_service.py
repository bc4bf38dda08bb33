"""The API over the real service: worker processes, registry, PostgreSQL."""

import base64
import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from eventer.api.examples import ADD_EXAMPLES, PREVIEW_EXAMPLES, VALIDATE_EXAMPLES
from eventer.api.problems import Problem
from eventer.api.wire.responses import (
    AddOut,
    EventsOut,
    GeneratorOut,
    GeneratorsOut,
    PreviewOut,
    RemoveOut,
    ValidateOut,
)
from tests.acceptance.lateness import lateness
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def added(service):
    """Adds generators into tables; they are removed after the test."""
    ids = []

    def add(template="{ n: 1 }", table="t", **event):
        body = {
            "destinations": [{"id": "d", "type": "postgres", "postgres": {"table": table}}],
            "events": [{"id": "e", "template": template, "interval": "100ms"} | event],
            "schedules": [{"destination_id": "d", "event_id": "e"}],
        }
        code, answer = service.post("/generator/add", body)
        ids.extend(generator["id"] for generator in answer.get("generators", ()))
        return code, answer

    yield add
    service.post("/generator/remove", {"ids": ids}) if ids else None


def refused(code, answer, status=422):
    assert code == status, answer
    Problem.model_validate(answer)
    assert "Traceback" not in json.dumps(answer)
    return answer


def test_every_answer_has_its_documented_shape(service, added):
    code, answer = added(stream="shapes", seed="5", dataset="x", count=3)
    assert code == 200, answer
    (generator,) = AddOut.model_validate(answer).generators
    assert (generator.created, generator.seed, generator.event.count) == (True, "5", 3)
    by_id = service.get(f"/generator/status?id={generator.id}")[1]
    assert GeneratorOut.model_validate(by_id).id == generator.id
    GeneratorsOut.model_validate(service.get("/generator/status")[1])
    for path in (f"pause?id={generator.id}", f"resume?id={generator.id}&skip=1"):
        code, answer = service.post(f"/generator/{path}")
        assert (code, GeneratorOut.model_validate(answer).id) == (200, generator.id)
    page = service.get(f"/generator/events?id={generator.id}&first=1000000&count=2")[1]
    assert EventsOut.model_validate(page).events == [{"n": 1}, {"n": 1}]
    answer = service.post(f"/generator/remove?id={generator.id}", {"id": "5"})[1]
    assert RemoveOut.model_validate(answer).model_dump() == {
        "removed": [generator.id],
        "unknown": ["5"],
    }


def test_documented_examples_work_unchanged(service):
    code, answer = service.post("/generator/add", ADD_EXAMPLES["postgres"]["value"])
    assert code == 200, answer
    service.post("/generator/remove", {"id": answer["generators"][0]["id"]})
    for path, examples, shape in (
        ("preview", PREVIEW_EXAMPLES, PreviewOut),
        ("validate", VALIDATE_EXAMPLES, ValidateOut),
    ):
        for example in examples.values():
            code, answer = service.post(f"/generator/{path}", example["value"])
            assert code == 200, answer
            shape.model_validate(answer)


def test_a_preview_comes_out_the_same_with_its_seed(service):
    template = "std.native('get_integer')(1, 1000000000)"
    first = service.post("/generator/preview", {"template": template})[1]
    again = service.post("/generator/preview", {"template": template, "seed": first["seed"]})[1]
    assert len(first["events"]) == 10
    assert again["events"] == first["events"]


@pytest.mark.parametrize("field", ["schema", "template"])
def test_faults_of_a_template_point_into_the_request(service, added, field):
    text = "local user = 1;\n{ a: usr }"
    given = base64.b64encode(text.encode()).decode() if field == "schema" else text
    template = {"template": None, field: given}
    for code, answer, pointer in (
        (*added(**template), f"/events/0/{field}"),
        (*service.post("/generator/preview", {field: given}), f"/{field}"),
        (*service.post("/generator/validate", {field: given}), f"/{field}"),
    ):
        (fault,) = refused(code, answer)["errors"]
        assert fault["pointer"] == pointer
        assert (fault["line"], fault["column"]) == (2, 6)
        assert fault["source_line"] == "{ a: usr }"
        assert "user" in fault["hint"]
    assert service.get("/generator/status")[1] == {"generators": []}


def test_a_template_that_does_not_end_is_refused_and_others_are_served(service):
    endless = {"template": "local f(x) = f(x + 1) tailstrict; f(0)"}
    refused(*service.post("/generator/validate", endless))
    assert service.post("/generator/preview", {"template": "1", "count": 1})[0] == 200


def test_events_that_a_table_cannot_store_are_rejected(service, added):
    refused(*added("[1]"))
    body = {"template": "[1]", "destination": {"type": "postgres", "postgres": {"table": "t"}}}
    refused(*service.post("/generator/validate", body))


def test_an_unknown_connection_is_refused_where_it_is_named(service):
    body = json.loads(json.dumps(ADD_EXAMPLES["postgres"]["value"]))
    body["destinations"][0]["postgres"]["connection"] = "postgers"
    (fault,) = refused(*service.post("/generator/add", body))["errors"]
    assert fault["pointer"] == "/destinations/0/postgres/connection"
    assert "postgres" in fault["hint"]


def test_unknown_generator_ids_are_404(service):
    for method, path in (
        (service.get, "/generator/status?id=5"),
        (service.get, "/generator/events?id=5"),
        (service.post, "/generator/pause?id=5"),
        (service.post, "/generator/resume?id=5"),
        (service.post, "/generator/remove?id=5"),
    ):
        refused(*method(path), status=404)


def test_metrics_count_what_was_delivered(service, added):
    faults = [{"kind": "null", "probability": 1, "fields": ["n"]}]
    code, answer = added(table="counted", count=7, faults=faults)
    assert code == 200, answer
    id_ = answer["generators"][0]["id"]
    wait_until(lambda: service.generator(id_)["position"] >= 14, "nothing was delivered")

    def samples():
        return {
            (s.name, s.labels.get("generator") or s.labels.get("state")): s
            for family in text_string_to_metric_families(service.get("/metrics")[1])
            for s in family.samples
        }

    wait_until(lambda: samples()["eventer_generator_position", id_].value >= 14, "no metric")
    wait_until(lambda: samples()["eventer_faults_total", id_].value >= 14, "no faults")
    wait_until(lambda: samples()["eventer_generators", "running"].value >= 1, "none runs")
    assert sum(lateness(service).values()) > 0


def test_the_service_is_ready_and_healthy(service):
    assert service.get("/healthz") == (200, {"status": "ok"})
    # An inspector may just be replaced after a template of another test.
    wait_until(lambda: service.get("/readyz")[0] == 200, lambda: str(service.get("/readyz")))
    assert service.get("/readyz")[1] == {"ready": True}
