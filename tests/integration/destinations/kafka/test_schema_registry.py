"""The client of schema registries, with a small registry and with Apicurio's."""

import base64
import io
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fastavro
import httpx
import pytest

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.core.value_schema import Optional, Record, RecordField, Scalar, ScalarKind
from eventer.destinations.kafka.formats import schema_registry
from eventer.destinations.kafka.formats.given_schema import given_avro_schema
from eventer.destinations.kafka.formats.schema_registry import SchemaRegistry
from eventer.destinations.kafka.formats.value_encoder import formatted_schema
from eventer.destinations.kafka.settings import SchemaRegistrySettings
from tests.apicurio import running_apicurio
from tests.ports import free_port
from tests.schema_registry import running_registry
from tests.waiting import DEADLINE_S

INTEGER, TEXT = Scalar(ScalarKind.INTEGER), Scalar(ScalarKind.TEXT)
ANY = Scalar(ScalarKind.JSON)
SUBJECT = "shop/orders-value"


def schema_of(**fields):
    record = Record(tuple(RecordField(name, fields[name]) for name in sorted(fields)))
    return formatted_schema(record, "avro", "orders")


FIRST = schema_of(a=INTEGER)
COMPATIBLE = schema_of(a=INTEGER, b=Optional(TEXT))
INCOMPATIBLE = schema_of(a=INTEGER, c=TEXT)


async def test_versions_are_registered_once_and_found():
    with running_registry() as stand_in:
        await check_versions(stand_in.url)
        stand_in.refuse(SUBJECT, "c has no default")
        registry = SchemaRegistry(SchemaRegistrySettings(stand_in.url))
        for attempt in (registry.check, registry.register):
            with pytest.raises(DestinationRejectedError, match="c has no default"):
                await attempt(SUBJECT, INCOMPATIBLE)
        await registry.close()


@pytest.mark.slow
async def test_apicurio_gives_ids_and_refuses_incompatible_versions(kafka_tools):
    with running_apicurio() as url:
        await check_versions(url)
        config = f"{url}/config/{SUBJECT.replace('/', '%2F')}"
        async with httpx.AsyncClient() as client:
            assert (await client.put(config, json={"compatibility": "BACKWARD"})).is_success
        registry = SchemaRegistry(SchemaRegistrySettings(url))
        with pytest.raises(DestinationRejectedError, match="not compatible"):
            await registry.check(SUBJECT, INCOMPATIBLE)
        with pytest.raises(DestinationRejectedError, match="/fields/"):
            await registry.register(SUBJECT, INCOMPATIBLE)
        await registry.close()


async def check_versions(url):
    registry = SchemaRegistry(SchemaRegistrySettings(url))
    assert await registry.lookup(SUBJECT, FIRST) is None
    await registry.check(SUBJECT, FIRST)
    first = await registry.register(SUBJECT, FIRST)
    assert await registry.register(SUBJECT, FIRST) == first
    second = await registry.register(SUBJECT, COMPATIBLE)
    assert second != first
    assert await registry.lookup(SUBJECT, FIRST) == first
    assert await registry.lookup(SUBJECT, COMPATIBLE) == second
    found = await registry.version(SUBJECT, 2)
    assert (found.id, json.loads(found.text)) == (second, json.loads(COMPATIBLE.text))
    for subject, version in ((SUBJECT, 3), ("none", 1)):
        with pytest.raises(DestinationRejectedError, match=f"does not have version {version}"):
            await registry.version(subject, version)
    await registry.close()


MONEY = {
    "type": "record",
    "name": "shop.Money",
    "fields": [{"name": "cents", "type": "long"}],
}
LINE = {
    "type": "record",
    "name": "shop.Line",
    "fields": [{"name": "price", "type": "shop.Money"}, {"name": "n", "type": "int"}],
}
ORDER = {
    "type": "record",
    "name": "shop.Order",
    "fields": [
        {"name": "total", "type": "Money"},
        {"name": "lines", "type": {"type": "array", "items": "Line"}},
    ],
}


def reference(name, version=1):
    return {"name": name, "subject": name, "version": version}


async def check_references(url):
    """A schema whose types are versions of other subjects; one of them is referred to twice."""
    registered = [
        ("shop.Money", MONEY, []),
        ("shop.Line", LINE, [reference("shop.Money")]),
        ("orders", ORDER, [reference("shop.Line"), reference("shop.Money")]),
    ]
    async with httpx.AsyncClient() as client:
        for subject, schema, references in registered:
            body = {"schema": json.dumps(schema), "references": references}
            answer = await client.post(f"{url}/subjects/{subject}/versions", json=body)
            assert answer.is_success, answer.text
    registry = SchemaRegistry(SchemaRegistrySettings(url))
    found = await registry.version("orders", 1)
    await registry.close()
    assert [json.loads(text)["name"] for text in found.referenced] == ["shop.Money", "shop.Line"]
    value = {"total": {"cents": 7}, "lines": [{"price": {"cents": 3}, "n": 2}]}
    encoded = given_avro_schema(found.text, ANY, found.referenced).encode(value)
    named: dict = {}
    *_, schema = (fastavro.parse_schema(each, named) for each in (MONEY, LINE, ORDER))
    assert fastavro.schemaless_reader(io.BytesIO(encoded), schema) == value


async def test_types_of_other_subjects_are_read():
    with running_registry() as stand_in:
        await check_references(stand_in.url)


@pytest.mark.slow
async def test_types_of_other_subjects_are_read_from_apicurio(kafka_tools):
    with running_apicurio() as url:
        await check_references(url)


async def test_a_circle_of_references_ends():
    with running_registry() as stand_in:
        body = {"schema": json.dumps(MONEY), "references": [reference("a")]}
        stand_in.answer("/subjects/a/versions", body, None)
        registry = SchemaRegistry(SchemaRegistrySettings(stand_in.url))
        assert (await registry.version("a", 1)).text == json.dumps(MONEY)
        await registry.close()


@pytest.mark.parametrize("reference", [{"subject": "b", "version": "x"}, {"subject": "b"}, "b"])
async def test_a_malformed_reference_is_not_an_answer_of_a_registry(reference):
    with running_registry() as stand_in:
        body = {"schema": json.dumps(MONEY), "references": [reference]}
        stand_in.answer("/subjects/a/versions", body, None)
        registry = SchemaRegistry(SchemaRegistrySettings(stand_in.url))
        with pytest.raises(TargetUnavailableError, match="not that of a registry"):
            await registry.version("a", 1)
        await registry.close()


async def test_a_long_chain_of_references_ends_with_an_error():
    with running_registry() as stand_in:
        for number in range(150):
            body = {"schema": f'"s{number}"', "references": [reference(f"s{number + 1}")]}
            stand_in.answer(f"/subjects/s{number}/versions", body, None)
        registry = SchemaRegistry(SchemaRegistrySettings(stand_in.url))
        with pytest.raises(DestinationRejectedError, match="more than 100 other schemas"):
            await registry.version("s0", 1)
        await registry.close()


async def test_a_registry_that_does_not_answer_is_unavailable():
    registry = SchemaRegistry(SchemaRegistrySettings(f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(TargetUnavailableError, match="schema registry"):
        await registry.register(SUBJECT, FIRST)


async def test_the_login_is_sent_and_its_refusal_is_an_error():
    login = "Basic " + base64.b64encode(b"me:secret").decode()
    with running_registry(login) as stand_in:
        given = SchemaRegistry(SchemaRegistrySettings(stand_in.url, "me", "secret"))
        assert await given.register(SUBJECT, FIRST) == 1
        wrong = SchemaRegistry(SchemaRegistrySettings(stand_in.url, "me", "wrong"))
        with pytest.raises(DestinationRejectedError, match="rejects the login"):
            await wrong.register(SUBJECT, FIRST)
        await given.close()
        await wrong.close()


@contextmanager
def answering(status, body):
    """The URL of a server that gives each request one answer; and the number of requests."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            requests.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (401, b"<html>", DestinationRejectedError, "rejects the login: status 401"),
        (403, b"", DestinationRejectedError, "rejects the login: status 403"),
        (502, b"<html>", TargetUnavailableError, "not available: status 502"),
        (302, b"", TargetUnavailableError, "not that of a registry .status 302."),
        (200, b"<html>", TargetUnavailableError, "not that of a registry .status 200."),
        (200, b"{}", TargetUnavailableError, "not that of a registry .status 200."),
        (422, b'{"message": "it is invalid"}', DestinationRejectedError, "it is invalid"),
    ],
)
async def test_each_answer_of_a_server_is_an_error_with_its_reason(status, body, error, message):
    with answering(status, body) as (url, _):
        registry = SchemaRegistry(SchemaRegistrySettings(url))
        with pytest.raises(error, match=message):
            await registry.register(SUBJECT, FIRST)
        await registry.close()


async def test_a_registry_that_is_silent_is_not_asked_by_every_flow(monkeypatch):
    monkeypatch.setattr(schema_registry, "_TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(schema_registry, "_SILENT_SECONDS", DEADLINE_S)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        registry = SchemaRegistry(
            SchemaRegistrySettings(f"http://127.0.0.1:{silent.getsockname()[1]}")
        )
        for _ in range(3):
            with pytest.raises(TargetUnavailableError, match="no answer in time"):
                await registry.register(SUBJECT, FIRST)
        silent.settimeout(0.1)
        silent.accept()[0].close()
        with pytest.raises(TimeoutError):
            silent.accept()
        monkeypatch.setattr(schema_registry, "_SILENT_SECONDS", 0.0)
        registry._silent_until = 0.0
        with pytest.raises(TargetUnavailableError, match="no answer in time"):
            await registry.register(SUBJECT, FIRST)
        silent.accept()[0].close()
