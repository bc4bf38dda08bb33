"""Every error is a problem of one shape."""

import pytest

from eventer.api.problems import MEDIA_TYPE, Problem
from eventer.api.wire.responses import FunctionsOut, HealthOut
from eventer.core.errors import (
    BudgetError,
    BusyError,
    ConfigError,
    ConflictError,
    DestinationRejectedError,
    DestinationUnavailableError,
    EvaluationError,
    EventerError,
    Fault,
    FencedError,
    NotFoundError,
    PositionLostError,
    RegistryError,
    RequestError,
    RestartRequiredError,
    TargetUnavailableError,
    TemplateError,
    TemplateStaticError,
    TemplateSyntaxError,
    TraceFrame,
    UnknownOutcomeError,
    WorkerLostError,
)
from tests.unit.api.canned_service import PLACE, UnexpectedError

STATUSES = {
    TemplateError: 422,
    TemplateSyntaxError: 422,
    TemplateStaticError: 422,
    EvaluationError: 422,
    BudgetError: 422,
    RequestError: 422,
    NotFoundError: 404,
    ConfigError: 500,
    DestinationUnavailableError: 503,
    TargetUnavailableError: 503,
    UnknownOutcomeError: 503,
    DestinationRejectedError: 422,
    PositionLostError: 409,
    FencedError: 503,
    RegistryError: 503,
    RestartRequiredError: 503,
    BusyError: 429,
    ConflictError: 409,
    WorkerLostError: 503,
    UnexpectedError: 500,
}


def leaves(kind):
    below = kind.__subclasses__()
    return {kind}.union(*map(leaves, below)) if below else {kind}


def test_every_error_of_the_tree_has_a_status_here():
    tree = {kind for kind in leaves(EventerError) if kind.__module__ == "eventer.core.errors"}
    from eventer.core.errors import DestinationError, ServiceProblemError, ServiceUnreachableError

    of_clients = {ServiceProblemError, ServiceUnreachableError}
    assert tree - of_clients - {EventerError, DestinationError} <= set(STATUSES)


@pytest.mark.parametrize(("kind", "status"), STATUSES.items())
async def test_errors_of_the_tree(client, service, kind, status):
    service.fails = kind("it went wrong")
    answer = await client.get("/generator/status")
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = Problem.model_validate(answer.json())
    assert (problem.status, problem.detail) == (status, "it went wrong")
    assert ("retry-after" in answer.headers) == kind.transient


async def test_an_unexpected_error_reveals_no_internals(client, service):
    service.fails = ZeroDivisionError("secret")
    answer = await client.get("/generator/status")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("field", ["schema", "template"])
@pytest.mark.parametrize("path", ["/generator/preview", "/generator/validate"])
async def test_a_template_error_has_pointer_place_hint_and_trace(client, service, path, field):
    service.fails = TemplateStaticError(
        "unknown variable: usr", PLACE, hint="did you mean 'user'?", trace=(TraceFrame("f", PLACE),)
    )
    answer = await client.post(path, json={field: "e30="})
    (fault,) = answer.json()["errors"]
    assert fault == {
        "message": "unknown variable: usr",
        "hint": "did you mean 'user'?",
        "pointer": f"/{field}",
        "template": "template",
        "line": 2,
        "column": 5,
        "end_line": 2,
        "end_column": 8,
        "source_line": "{a: usr.name}",
        "trace": [{"what": "f", "template": "template", "line": 2, "column": 5}],
    }


@pytest.mark.parametrize(
    ("schema", "where", "message"),
    [
        ({}, "", "must have either `text`, or `subject` and `version`"),
        ({"text": "{}", "version": 1}, "", "must have either `text`, or `subject` and `version`"),
        ({"subject": "s", "version": 1 << 70}, "/version", "must be at most 2147483647"),
    ],
)
async def test_a_schema_that_is_given_in_no_form_or_in_two(client, schema, where, message):
    topic = {"topic": "t", "format": "avro", "schema": schema}
    body = {"destinations": [{"id": "d", "type": "kafka", "kafka": topic}]}
    (fault, *_) = (await client.post("/generator/add", json=body)).json()["errors"]
    assert fault == {"message": message, "pointer": f"/destinations/0/kafka/schema{where}"}


async def test_faults_of_the_service_keep_pointer_and_place(client, service):
    service.fails = RequestError("no", (Fault("/events/0/schema", "bad", "do", PLACE),))
    answer = await client.get("/generator/status")
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["line"], fault["hint"]) == ("/events/0/schema", 2, "do")


async def test_the_frameworks_own_errors(client):
    for method, path, status, hint in (
        ("GET", "/generatr/status", 404, "did you mean '/generator/status'?"),
        ("GET", "/nothing/like/it", 404, None),
        ("DELETE", "/generator/status", 405, None),
        ("GET", "/generator/add", 405, None),
    ):
        answer = await client.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == MEDIA_TYPE, path
        assert Problem.model_validate(answer.json()).hint == hint, path
        if status == 405:
            assert answer.headers["allow"] in ("GET", "POST"), path


async def test_malformed_json_says_line_and_column(client):
    headers = {"content-type": "application/json"}
    answer = await client.post("/generator/add", content=b'{"a":\n 1 x}', headers=headers)
    assert answer.status_code == 400
    (fault,) = answer.json()["errors"]
    assert (fault["line"], fault["column"], fault["source_line"]) == (2, 4, " 1 x}")


async def test_a_missing_body_is_reported(client):
    answer = await client.post("/generator/add")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"message": "a JSON body is required", "pointer": ""}]


async def test_several_mistakes_are_all_named(client):
    answer = await client.post("/generator/preview", json={"template": 1, "count": 0, "seed": ""})
    problem = answer.json()
    assert {fault["pointer"] for fault in problem["errors"]} == {"/template", "/count", "/seed"}
    assert problem["detail"].startswith("3 mistakes, the first at /template: ")


async def test_every_route_documents_its_errors(client):
    document = (await client.get("/openapi.json")).json()
    assert set(document["paths"]) == {
        "/generator/add",
        "/generator/status",
        "/generator/remove",
        "/generator/pause",
        "/generator/resume",
        "/generator/events",
        "/generator/faults",
        "/generator/pace",
        "/generator/preview",
        "/generator/validate",
        "/generator/verify",
        "/generator/tail",
        "/template/profile",
        "/template/complete",
        "/template/format",
        "/connection/test",
        "/functions",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    for path, operations in document["paths"].items():
        for operation in operations.values():
            errors = {status for status in operation["responses"] if status != "200"}
            assert {"401", "403", "500"} <= errors, path
            if "requestBody" in operation:
                assert {"400", "413", "415", "422"} <= errors, path
            if operation.get("parameters"):
                assert "422" in errors, path
            for status in errors:
                assert list(operation["responses"][status]["content"]) == [MEDIA_TYPE], path
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_every_reference_of_the_document_leads_somewhere(client):
    answer = await client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    references = set(answer.text.split('"#/components/schemas/')[1:])
    assert {reference.split('"')[0] for reference in references} <= set(schemas)


async def test_the_documentation_loads_nothing_from_elsewhere(client):
    page = (await client.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert f"/static-offline-docs/{asset}" in page
        assert (await client.get(f"/static-offline-docs/{asset}")).status_code == 200


async def test_health_and_readiness(client, service):
    HealthOut.model_validate((await client.get("/healthz")).json())
    assert (await client.get("/readyz")).json() == {"ready": True}
    service.fails = WorkerLostError("all workers are gone")
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["detail"]) == (503, "all workers are gone")


async def test_functions_are_listed_with_their_parameters(client):
    answer = await client.get("/functions")
    functions = FunctionsOut.model_validate(answer.json()).functions
    assert "get_integer" in {function.name for function in functions}
