"""Records with a schema: read by Confluent's deserialisers, evolved, verified, and never lost."""

import json
import uuid
from datetime import datetime
from decimal import Decimal

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from tests.acceptance.request_bodies import request, topic
from tests.acceptance.test_verify import run_cli
from tests.integration.cli.conftest import Shell
from tests.integration.kafka.harness import read_topic
from tests.protobuf_classes import message_class
from tests.waiting import DEADLINE_S, wait_until

pytestmark = pytest.mark.kafka
ORDERS = """
local get_one_of = std.native('get_one_of');
local get_integer = std.native('get_integer');
local status = get_one_of('new, paid, shipped');
{
  id: get_integer(1, 1000),
  at: std.native('get_timestamp')('2026-01-01', '2026-02-01', '1s'),
  status: status,
  total: std.native('get_number')(1, 100),
  [if status == 'paid' then 'card']: { number: 'x"%d' % get_integer(0, 9), wallet: null },
  lines: [{ sku: 's%d' % n, 'per-cent': 5 * n } for n in std.range(1, get_integer(0, 3))],
  note: if get_integer(0, 1) == 0 then 'é' else 7,
}
"""


def deserialised(registry, topic, records):
    read = AvroDeserializer(SchemaRegistryClient({"url": registry.url}))
    return [
        tuple(
            read(data, SerializationContext(topic, field))
            for data, field in ((r.key(), MessageField.KEY), (r.value(), MessageField.VALUE))
        )
        for r in records
    ]


def as_event(value):
    """A value that was read, as the JSON of the event that it was written from."""
    lines = [{"sku": each["sku"], "per-cent": each["per_cent"]} for each in value["lines"]]
    event = value | {"at": value["at"].strftime("%Y-%m-%dT%H:%M:%SZ"), "lines": lines}
    return event if event["card"] else {k: v for k, v in event.items() if k != "card"}


def test_a_run_writes_avro_that_confluents_deserialiser_reads(service, kafka, registry):
    name = f"avro_{uuid.uuid4().hex[:8]}"
    (service.directory / "orders.jsonnet").write_text(ORDERS)
    file = str(service.directory / "orders.jsonnet")
    options = ("--format", "avro", "--key-format", "avro", "--key", "status")
    run = ("run", file, "--kafka", name, *options, "--seed", "7", "-n", "1500")
    code, out, err = run_in_folder(service, *run)
    assert code == 0, out + err
    code, shown, err = run_in_folder(service, "preview", file, "--seed", "7", "-n", "1000")
    events = [json.loads(line) for line in shown.splitlines()]
    records = deserialised(registry, name, read_topic(kafka, name))
    assert len(records) == 1500
    expected = {json.dumps(event, sort_keys=True) for event in events}
    found = {json.dumps(as_event(value), sort_keys=True) for _, value in records}
    assert expected <= found
    assert all(key == value["status"] for key, value in records)
    assert isinstance(records[0][1]["at"], datetime)


def run_in_folder(service, *arguments):
    """Runs a command that does not ask the service."""
    shell = Shell(service.directory)
    shell.env = service.env | {"EVENTER_KAFKA__START_TIMEOUT": str(DEADLINE_S)}
    done = shell.call(*arguments)
    return done.returncode, done.stdout, done.stderr


def test_a_generator_waits_for_the_registry_and_is_verified(service, kafka, registry):
    name = f"avro_{uuid.uuid4().hex[:8]}"
    registry.stop()
    try:
        body = request(topic(name, format="avro"), template=ORDERS, count=50, interval="100ms")
        code, added = service.post("/generator/add", body)
        assert code == 200, added
        id = added["generators"][0]["id"]
        wait_until(lambda: "schema registry" in last_error(service, id), lambda: service.log)
        assert service.generator(id)["state"] == "waiting"
    finally:
        registry.start()
    wait_until(lambda: service.generator(id)["position"] >= 500, lambda: service.log)
    assert service.post(f"/generator/pause?id={id}")[0] == 200
    position = service.generator(id)["position"]
    assert len(deserialised(registry, name, read_topic(kafka, name))) == position
    code, out, err = run_cli(service, "verify", id, "--json")
    report = json.loads(out)
    assert (code, report["clean"], report["checked"]) == (0, True, position), out + err


def test_given_schemas_as_text_and_by_subject_are_used_and_verified(service, kafka, registry):
    name = f"avro_{uuid.uuid4().hex[:8]}"
    total = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    fields = [{"name": "total", "type": total}, {"name": "id", "type": "int"}]
    fields.append({"name": "currency", "type": "string", "default": "EUR"})
    text = json.dumps({"type": "record", "name": "order", "fields": fields})
    registry.answer(f"/subjects/{name}-ids/versions", {"schema": '"int"'}, None)
    template = "local n = std.native('get_integer')(1, 99999); { id: n, total: '%.2f' % (n / 100) }"
    formats = {"format": "avro", "key": "id", "key_format": "avro", "schema": {"text": text}}
    formats["key_schema"] = {"subject": f"{name}-ids", "version": 1}
    body = request(topic(name, **formats), template=template, count=50, interval="100ms")
    code, added = service.post("/generator/add", body)
    assert code == 200, added
    (shown,) = added["generators"]
    assert shown["destination"]["kafka"]["schema"] == {"text": text}
    wait_until(lambda: service.generator(shown["id"])["position"] >= 200, lambda: service.log)
    assert service.post(f"/generator/pause?id={shown['id']}")[0] == 200
    position = service.generator(shown["id"])["position"]
    records = deserialised(registry, name, read_topic(kafka, name))
    assert len(records) == position
    for key, value in records:
        assert value == {"total": Decimal(key).scaleb(-2), "id": key, "currency": "EUR"}
    assert {each for each in registry.subjects if name in each} == {f"{name}-ids", f"{name}-value"}
    code, out, err = run_cli(service, "verify", shown["id"], "--json")
    report = json.loads(out)
    assert (code, report["clean"], report["checked"]) == (0, True, position), out + err


@pytest.mark.slow
def test_a_generator_writes_protobuf_that_confluents_deserialiser_reads(service, kafka, registry):
    name = f"protobuf_{uuid.uuid4().hex[:8]}"
    formats = {"format": "protobuf", "key": "status", "key_format": "protobuf"}
    body = request(topic(name, **formats), template=ORDERS, count=50, interval="100ms")
    code, added = service.post("/generator/add", body)
    assert code == 200, added
    id = added["generators"][0]["id"]
    wait_until(lambda: service.generator(id)["position"] >= 200, lambda: service.log)
    assert service.post(f"/generator/pause?id={id}")[0] == 200
    position = service.generator(id)["position"]
    records = read_topic(kafka, name)
    values = protobuf_values(registry, name, MessageField.VALUE, [r.value() for r in records])
    keys = protobuf_values(registry, name, MessageField.KEY, [r.key() for r in records])
    assert len(values) == position
    symbols = values[0].Status.DESCRIPTOR.values_by_number
    statuses = [symbols[value.status].name.removeprefix("Status_") for value in values]
    assert set(statuses) == {"new", "paid", "shipped"}
    assert [value.HasField("card") for value in values] == [each == "paid" for each in statuses]
    assert len({(key.value, value.status) for key, value in zip(keys, values, strict=True)}) == 3
    code, out, err = run_cli(service, "verify", id, "--json")
    report = json.loads(out)
    assert (code, report["clean"], report["checked"]) == (0, True, position), out + err


def protobuf_values(registry, topic, field, data):
    """The messages that Confluent's deserialiser reads by the schema of a subject."""
    (number,) = registry.subjects[f"{topic}-{field}"]
    stored = registry.schemas[number - 1]
    assert stored["schemaType"] == "PROTOBUF"
    kind = message_class(stored["schema"])
    read = ProtobufDeserializer(kind, {"use.deprecated.format": False})
    return [read(each, SerializationContext(topic, field)) for each in data]


def test_a_refused_schema_is_an_error_with_the_registrys_reason(service, registry):
    name = f"avro_{uuid.uuid4().hex[:8]}"
    registry.subjects[f"{name}-value"] = []
    registry.refuse(f"{name}-value", "READER_FIELD_MISSING_DEFAULT_VALUE: at")
    body = request(topic(name, format="avro"), template=ORDERS, count=1, interval="1s")
    code, answer = service.post("/generator/add", body)
    if code == 200:  # the broker did not answer at once
        id = answer["generators"][0]["id"]
        wait_until(lambda: service.generator(id)["state"] == "failed", lambda: service.log)
        assert service.generator(id)["position"] == 0
        answer = last_error(service, id)
    assert "READER_FIELD_MISSING_DEFAULT_VALUE: at" in json.dumps(answer)


def last_error(service, id):
    """The message of a generator's last error, if it has one."""
    return (service.generator(id)["last_error"] or {"message": ""})["message"]
