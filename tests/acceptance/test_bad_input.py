"""Bad input: each a clear 4xx problem naming the place, nothing half-made.

After every refusal there are the generators, topics and tables that there were before it; and in
the end, when both destinations have since delivered what is good, there still are.
"""

import base64
import copy
import uuid

import psycopg
import pytest
from confluent_kafka.admin import AdminClient

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import Service, table_rows
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


class Watched(Service):
    """A service, with a look at everything that a request could have made."""

    def __init__(self, directory, kafka, dsn):
        super().__init__(directory, kafka=kafka, postgres=dsn)
        self.dsn = dsn
        self._admin = AdminClient({"bootstrap.servers": kafka})

    def made(self):
        """Ids of generators, names of topics, and schemas and tables, ours excepted."""
        ids = [g["id"] for g in self.get("/generator/status")[1]["generators"]]
        topics = set(self._admin.list_topics(timeout=DEADLINE_S).topics) & POSTED
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(
                "select n.nspname, c.relname from pg_namespace n "
                "left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v') "
                "where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'eventer')"
            ).fetchall()
        return ids, topics, set(found)


POSTED = {"a", "b", "n", "refused"}
"""Topics that a refused request names, or could be read to name. Other tests share the broker."""


@pytest.fixture(scope="module")
def service(kafka, postgres_module_dsn, tmp_path_factory):
    directory = tmp_path_factory.mktemp("bad_input")
    running = Watched(directory, kafka, postgres_module_dsn).start()
    try:
        before = running.made()
        yield running
        check_nothing_was_made(running, *before)
    finally:
        running.stop()


def check_nothing_was_made(running, _ids, topics, tables):
    """What delivers now would have delivered, too, what was accepted by mistake before it."""
    good = [topic(f"control-{uuid.uuid4().hex}"), table("control")]
    code, body = running.post("/generator/add", request(*good, template="{ a: 1 }", interval="1h"))
    assert code == 200, body
    ids = [g["id"] for g in body["generators"]]
    wait_until(lambda: all(running.generator(id)["position"] for id in ids), "none delivers")
    generators, topics_now, tables_now = running.made()
    assert set(generators) == set(ids)
    assert topics_now == topics == set()
    named = {name for _, name in tables_now - tables} - LEGAL
    assert named == {"control"}
    assert {schema for schema, _ in tables_now} == {schema for schema, _ in tables}


def refused(service, code, body=None, *, path="/generator/add", **options):
    """Posts what must be refused, and gives the problem; nothing may have come into being."""
    before = service.made()
    answered, problem = service.post(path, body, **options)
    assert answered == code, problem
    assert problem["status"] == code
    assert problem["title"]
    assert "Traceback" not in str(problem)
    assert service.made() == before
    return problem


def changed(pointer, value):
    """The ordinary request with one place changed; DELETE removes it."""
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
    problem = refused(service, 400, raw=b'{\n  "events":\n [1 x]}')
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
def test_a_wrong_value_is_named_by_its_pointer(service, pointer, value):
    problem = refused(service, 422, changed(pointer, value))
    assert any(e["pointer"] == pointer for e in problem["errors"]), problem


@pytest.mark.parametrize("pointer", ["/events/0/interval", "/events/0/id", "/destinations/0/kafka"])
def test_a_missing_value_is_named(service, pointer):
    problem = refused(service, 422, changed(pointer, DELETE))
    assert pointer.rsplit("/", 1)[1] in str(problem["errors"])


def test_an_unknown_field_has_a_near_name(service):
    problem = refused(service, 422, changed("/events/0/intervall", "1s"))
    assert "/events/0/intervall" in str(problem)
    assert "interval" in str(problem["errors"][0]["hint"])


@pytest.mark.parametrize("place", ["destinations", "events"])
def test_duplicate_ids(service, place):
    body = request(topic("refused"))
    body[place] = body[place] * 2
    assert f"/{place}/1/id" in str(refused(service, 422, body))


@pytest.mark.parametrize("schema", ["%%%", "a", base64.b64encode(b"\xff\xfe{}").decode()])
def test_bad_base64(service, schema):
    body = changed("/events/0/template", DELETE)
    body["events"][0]["schema"] = schema
    assert "/events/0/schema" in str(refused(service, 422, body))


@pytest.mark.parametrize(
    ("template", "line", "column", "said"),
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
def test_a_template_is_refused_at_its_place(service, template, line, column, said):
    problem = refused(service, 422, request(topic("refused"), template=template))
    (fault,) = problem["errors"]
    assert fault["pointer"] == "/events/0/template"
    assert (fault["line"], fault["column"]) == (line, column)
    assert fault["source_line"] == template.splitlines()[line - 1]
    assert said in str(fault)
    assert "root:" not in str(problem)


@pytest.mark.parametrize("name", ["", "x" * 64, "\u00e9" * 32, "a\0b", "a.b.c", '"a'])
def test_illegal_table_names(service, name):
    problem = refused(service, 422, request(table(name), template="{ a: 1 }"))
    assert "/destinations/0/postgres/table" in str(problem)


@pytest.mark.parametrize("name", ["x" * 64, "\u00e9" * 32, "a\\u0000b"])
def test_illegal_column_names(service, name):
    template = f'{{ "{name}": 1 }}'
    problem = refused(service, 422, request(table("refused"), template=template))
    assert "/events/0/template" in str(problem)


@pytest.mark.parametrize("template", ["[1]", "'x'", "1", "null"])
def test_an_event_for_a_table_must_be_an_object(service, template):
    assert "object" in str(refused(service, 422, request(table("refused"), template=template)))


def test_a_body_of_2_mib(service):
    body = request(topic("refused"), template="{ a: '" + "x" * (2 << 20) + "' }")
    assert refused(service, 413, body)["status"] == 413


def test_what_is_no_json_media_type_or_comes_from_elsewhere(service):
    refused(service, 415, request(topic("refused")), headers={"Content-Type": "text/plain"})
    refused(service, 403, request(topic("refused")), headers={"Origin": "http://evil.example"})
    refused(service, 403, request(topic("refused")), headers={"Host": "evil.example"})


def test_unknown_ids_and_paths(service):
    refused(service, 404, path="/generator/remove?id=1")
    refused(service, 404, path="/generator/pause?id=1")
    refused(service, 404, path="/nowhere")
    refused(service, 405, path="/generator/status")
    assert service.get("/generator/status?id=x")[0] == 422


HOSTILE_NAMES = ['"; drop table kept; --"', "select", "Mixed Case", "a''b", "%s", "x\\y"]
LEGAL = {name.strip('"') for name in HOSTILE_NAMES} | {"kept"}


def test_hostile_but_legal_names_work_and_nothing_in_them_is_executed(service, postgres_module_dsn):
    with psycopg.connect(postgres_module_dsn, autocommit=True) as connection:
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
        wait_until(lambda quoted=quoted: table_rows(postgres_module_dsn, quoted), quoted)
        row = table_rows(postgres_module_dsn, quoted)[0]
        assert row["drop table kept; --"] == 2
        assert row["user"] == 3
        service.post(f"/generator/remove?id={body['generators'][0]['id']}")
    with psycopg.connect(postgres_module_dsn) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)
