"""Invalid requests: the response is a 4xx problem that names the location; nothing is created.

Generators, topics and tables are compared before and after each rejection, and again after valid
generators have delivered to both destinations.
"""

import base64
import copy
import uuid

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import remove_generators, table_rows
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


TOPICS = {"a", "b", "n", "refused"}
"""Topics that a rejected request could create. Other tests share the broker."""


def inventory(service):
    """Ids of generators, names of topics, and tables outside of Eventer's own schema."""
    ids = [g["id"] for g in service.get("/generator/status")[1]["generators"]]
    admin = AdminClient({"bootstrap.servers": service.env["EVENTER_KAFKA__BOOTSTRAP_SERVERS"]})
    topics = set(admin.list_topics(timeout=DEADLINE_S).topics) & TOPICS
    with psycopg.connect(service.dsn) as connection:
        tables = connection.execute(
            "select n.nspname, c.relname from pg_namespace n "
            "left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v') "
            "where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'eventer')"
        ).fetchall()
    return ids, topics, set(tables)


@pytest.fixture(scope="module")
def service(shared_service):
    """The shared service; at the end, checks that all rejected requests created nothing."""
    before = inventory(shared_service)
    yield shared_service
    try:
        check_nothing_was_created(shared_service, *before)
    finally:
        remove_generators(shared_service)


def check_nothing_was_created(running, _ids, topics, tables):
    """Delivers valid events: wrongly accepted requests would have delivered before them."""
    valid = [topic(f"control-{uuid.uuid4().hex}"), table("control")]
    code, body = running.post("/generator/add", request(*valid, template="{ a: 1 }", interval="1h"))
    assert code == 200, body
    ids = [g["id"] for g in body["generators"]]
    wait_until(
        lambda: all(running.generator(id)["position"] for id in ids), "no generator delivers"
    )
    generators, topics_now, tables_now = inventory(running)
    assert set(generators) == set(ids)
    assert topics_now == topics == set()
    named = {name for _, name in tables_now - tables} - LEGAL
    assert named == {"control"}
    assert {schema for schema, _ in tables_now} == {schema for schema, _ in tables}


def post_rejected(service, code, body=None, *, path="/generator/add", **options):
    """Posts an invalid request, checks that nothing is created, and returns the problem."""
    before = inventory(service)
    status, problem = service.post(path, body, **options)
    assert status == code, problem
    assert problem["status"] == code
    assert problem["title"]
    assert "Traceback" not in str(problem)
    assert inventory(service) == before
    return problem


def changed_request(pointer, value):
    """A valid request with one value replaced; DELETE removes it."""
    body = copy.deepcopy(request(topic("refused")))
    *path, last = [int(t) if t.isdecimal() else t for t in pointer.strip("/").split("/")]
    inner = body
    for token in path:
        inner = inner[token]
    if value is DELETE:
        del inner[last]
    else:
        inner[last] = value
    return body


DELETE = object()


def test_malformed_json_names_line_and_column(service):
    problem = post_rejected(service, 400, raw=b'{\n  "events":\n [1 x]}')
    assert "line 3" in str(problem) or problem["errors"][0].get("line") == 3


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/schedules/0/event_id", "nobody"),
        ("/schedules/0/destination_id", "nowhere"),
        ("/events/0/interval", "10 parsecs"),
        ("/events/0/interval", "0s"),
        ("/events/0/interval", "-1s"),
        ("/events/0/count", 0),
        ("/events/0/count", 1.5),
        ("/events/0/count", "ten"),
        ("/events/0/seed", "-1"),
        ("/events/0/seed", str(1 << 64)),
        ("/events/0/vars", [1]),
        ("/destinations/0/type", "carrier pigeon"),
        ("/destinations/0/kafka/topic", "a/b"),
        ("/destinations/0/kafka/topic", ""),
        ("/destinations/0/kafka/topic", ".."),
        ("/destinations/0/kafka/topic", "x" * 250),
        ("/destinations/0/kafka/topic", "n\u00e9"),
        ("/destinations/0/kafka/connection", "another"),
    ],
)
def test_error_points_at_the_invalid_value(service, pointer, value):
    problem = post_rejected(service, 422, changed_request(pointer, value))
    assert any(e["pointer"] == pointer for e in problem["errors"]), problem


@pytest.mark.parametrize("pointer", ["/events/0/interval", "/events/0/id", "/destinations/0/kafka"])
def test_error_names_the_missing_value(service, pointer):
    problem = post_rejected(service, 422, changed_request(pointer, DELETE))
    assert pointer.rsplit("/", 1)[1] in str(problem["errors"])


def test_error_for_an_unknown_field_suggests_a_similar_name(service):
    problem = post_rejected(service, 422, changed_request("/events/0/intervall", "1s"))
    assert "/events/0/intervall" in str(problem)
    assert "interval" in str(problem["errors"][0]["hint"])


@pytest.mark.parametrize("section", ["destinations", "events"])
def test_duplicate_ids_are_rejected(service, section):
    body = request(topic("refused"))
    body[section] = body[section] * 2
    assert f"/{section}/1/id" in str(post_rejected(service, 422, body))


@pytest.mark.parametrize("schema", ["%%%", "a", base64.b64encode(b"\xff\xfe{}").decode()])
def test_invalid_base64_is_rejected(service, schema):
    body = changed_request("/events/0/template", DELETE)
    body["events"][0]["schema"] = schema
    assert "/events/0/schema" in str(post_rejected(service, 422, body))


@pytest.mark.parametrize(
    ("template", "line", "column", "message"),
    [
        ("{\n  a: 1,\n  b: ,\n}", 3, 6, ""),
        ("{\n  a: usr\n}", 2, 6, "usr"),
        ("local user = 1;\n{ a: usr + user }", 2, 6, "user"),
        ("{ a: std.native('get_intger')(1, 2) }", 1, 6, "get_integer"),
        ("{ a: std.native('get_integer')(5, 1) }", 1, 6, "get_integer"),
        ("{ a: std.native('get_integer')(1) }", 1, 6, "get_integer"),
        ("{ a: std.native('get_timestamp')('x', 'now', '1s') }", 1, 6, "get_timestamp"),
        ("{ a: std.lenght('x') }", 1, 10, "length"),
        ("{ a: error 'always' }", 1, 6, "always"),
        ("{ a: import 'secrets.libsonnet' }", 1, 6, "secrets"),
        ("{ a: importstr '/etc/passwd' }", 1, 6, ""),
        ("{ a: importbin '../../../etc/passwd' }", 1, 6, ""),
    ],
)
def test_template_error_gives_line_and_column(service, template, line, column, message):
    problem = post_rejected(service, 422, request(topic("refused"), template=template))
    (error,) = problem["errors"]
    assert error["pointer"] == "/events/0/template"
    assert (error["line"], error["column"]) == (line, column)
    assert error["source_line"] == template.splitlines()[line - 1]
    assert message in str(error)
    assert "root:" not in str(problem)


@pytest.mark.parametrize("name", ["", "x" * 64, "\u00e9" * 32, "a\0b", "a.b.c", '"a'])
def test_illegal_table_names_are_rejected(service, name):
    problem = post_rejected(service, 422, request(table(name), template="{ a: 1 }"))
    assert "/destinations/0/postgres/table" in str(problem)


@pytest.mark.parametrize("name", ["x" * 64, "\u00e9" * 32, "a\\u0000b"])
def test_illegal_column_names_are_rejected(service, name):
    template = f'{{ "{name}": 1 }}'
    problem = post_rejected(service, 422, request(table("refused"), template=template))
    assert "/events/0/template" in str(problem)


@pytest.mark.parametrize("template", ["[1]", "'x'", "1", "null"])
def test_an_event_for_a_table_must_be_an_object(service, template):
    assert "object" in str(
        post_rejected(service, 422, request(table("refused"), template=template))
    )


def test_a_body_of_2_mib_is_rejected(service):
    body = request(topic("refused"), template="{ a: '" + "x" * (2 << 20) + "' }")
    assert post_rejected(service, 413, body)["status"] == 413


def test_other_media_types_and_origins_are_rejected(service):
    post_rejected(service, 415, request(topic("refused")), headers={"Content-Type": "text/plain"})
    post_rejected(
        service, 403, request(topic("refused")), headers={"Origin": "http://evil.example"}
    )
    post_rejected(service, 403, request(topic("refused")), headers={"Host": "evil.example"})


def test_unknown_ids_and_paths_are_not_found(service):
    post_rejected(service, 404, path="/generator/remove?id=1")
    post_rejected(service, 404, path="/generator/pause?id=1")
    post_rejected(service, 404, path="/nowhere")
    post_rejected(service, 405, path="/generator/status")
    assert service.get("/generator/status?id=x")[0] == 404
    assert service.get("/generator/status?id=-x")[0] == 422


HOSTILE_NAMES = ['"; drop table kept; --"', "select", "Mixed Case", "a''b", "%s", "x\\y"]
LEGAL = {name.strip('"') for name in HOSTILE_NAMES} | {"kept"}


def test_sql_in_legal_names_is_not_executed(service):
    with psycopg.connect(service.dsn, autocommit=True) as connection:
        connection.execute("create table kept (a int)")
    for name in HOSTILE_NAMES:
        quoted = '"' + name.strip('"').replace('"', '""') + '"'
        template = (
            "{ "
            + f"'{name.strip(chr(34)).replace(chr(92), chr(92) * 2)}'".replace("''", "\\'\\'")
            + ": 1, 'drop table kept; --': 2, \"user\": 3 }"
        )
        code, body = service.post(
            "/generator/add", request(table(quoted), template=template, interval="1h")
        )
        assert code == 200, body
        wait_until(lambda quoted=quoted: table_rows(service.dsn, quoted), quoted)
        row = table_rows(service.dsn, quoted)[0]
        assert row["drop table kept; --"] == 2
        assert row["user"] == 3
        service.post(f"/generator/remove?id={body['generators'][0]['id']}")
    with psycopg.connect(service.dsn) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
