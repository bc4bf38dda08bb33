"""The request of `eventer add TEMPLATE`, and of files in JSON and YAML."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from eventer.api.request_file import read_request
from eventer.api.request_schema import add_request_schema
from eventer.api.wire.generator_requests import AddBody
from eventer.cli.main import app

YAML = """
destinations: [{id: d, type: postgres, postgres: {table: orders, key: id}}]
events: [{id: e, template_file: orders.jsonnet, interval: 10s, dataset: "${SHOP}"}]
schedules: [{destination_id: d, event_id: e}]
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("orders", "customers"):
        Path(f"{name}.jsonnet").write_text(f"{{ of: '{name}' }}")
    Path("request.yaml").write_text(YAML)

    def add(*args, **environ):
        return CliRunner().invoke(app, ["add", *map(str, args)], env=environ)

    return add


def printed(done):
    assert done.exit_code == 0, done.output
    request = json.loads(done.stdout)
    AddBody.model_validate(request).request()
    return request


def test_a_template_with_few_options(add):
    request = printed(add("orders.jsonnet", "--kafka", "orders", "--rate", "5/s", "--dry-run"))
    assert request == {
        "destinations": [
            {"id": "kafka", "type": "kafka", "kafka": {"topic": "orders", "connection": "kafka"}}
        ],
        "events": [{"id": "orders", "template": "{ of: 'orders' }", "pace": {"rate": "5/s"}}],
        "schedules": [{"destination_id": "kafka", "event_id": "orders"}],
    }


def test_a_template_with_all_options(add):
    options = (
        "--postgres orders --key id,day --omit x --connection other --name new-orders --seed 7 "
        "--stream s --dataset shop -V a=b --var n:=1 --with customer=customers.jsonnet:50 "
        "--on-error skip --on-null drop --catch-up replay --interval 10s --count 3 -n 100 "
        "--start 2026-01-01T00:00:00Z --timeline 30m --only paid --dry-run"
    ).split()
    faults = ["--faults", '[{"kind": "drop", "probability": 0.5}]']
    request = printed(add("orders.jsonnet", *options, *faults))
    assert request["destinations"][0]["postgres"] == {
        "table": "orders",
        "connection": "other",
        "key": ["id", "day"],
        "omit": ["x"],
    }
    event, customer = request["events"]
    assert event["pace"] == {
        "count": 3,
        "interval": "10s",
        "start": "2026-01-01T00:00:00Z",
        "max_events": 100,
    }
    assert (event["seed"], event["vars"]) == ("7", {"a": "b", "n": 1})
    assert (event["on_error"], event["on_null"], event["catch_up"]) == ("skip", "drop", "replay")
    assert event["faults"] == [{"kind": "drop", "probability": 0.5}]
    assert (customer["id"], customer["count"], customer["dataset"]) == ("customer", 50, "shop")
    assert event["timeline"] == {"horizon": "30m"}
    assert request["schedules"][0]["name"] == "new-orders"
    assert request["schedules"][0]["only"] == "paid"


def test_a_request_in_yaml_is_sent_as_json(add, monkeypatch):
    sent = []

    def handle(self, request):
        sent.append(request)
        return httpx.Response(200, json={"generators": []})

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", handle)
    done = add("request.yaml", EVENTER_URL="http://svc:1", SHOP="north")
    assert done.exit_code == 0, done.output
    assert json.loads(sent[0].content) == printed(add("request.yaml", "--dry-run", SHOP="north"))
    assert json.loads(sent[0].content)["events"][0] == {
        "id": "e",
        "template": "{ of: 'orders' }",
        "interval": "10s",
        "dataset": "north",
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["orders.jsonnet"], "orders.jsonnet is a template: give its destination, --kafka"),
        (
            ["request.yaml", "--rate", "5/s"],
            "--rate needs --kafka TOPIC, --postgres TABLE, --file FOLDER, --http PATH or --to",
        ),
        (["orders.jsonnet", "--kafka", "a"], "a generator needs a pace: --rate, --interval or"),
        (["orders.jsonnet", "--kafka", "a", "--rate", "5/x"], "5/x"),
        (
            ["orders.jsonnet", "--kafka", "a", "--rate", "5/s", "--seed", "nan", "--dry-run"],
            "nan: must be an unsigned 64-bit integer",
        ),
        (["a.jsonnet", "--kafka", "a", "--rate", "5/s", "--only", "b"], "--only needs --timeline"),
        (["request.yaml", "--dry-run"], "/events/0/dataset: the environment variable SHOP is not"),
    ],
)
def test_mistakes(add, args, message):
    done = add(*args)
    assert done.exit_code in (2, 78)
    assert message in " ".join(done.output.replace("│", " ").split())


def test_the_schema_accepts_what_add_accepts(add):
    validator = pytest.importorskip("jsonschema_rs").validator_for(add_request_schema())
    request = read_request(YAML.encode(), "x", Path(), {"SHOP": "north"})
    assert validator.is_valid(request)
    event = request["events"][0]
    with_file = {n: v for n, v in event.items() if n != "template"} | {"template_file": "a"}
    for events, valid in (
        ([with_file], True),
        ([event | {"template_file": "a"}], False),
        ([event | {"intervall": "1s"}], False),
        ([{"id": "e", "interval": "1s"}], False),
    ):
        assert validator.is_valid(request | {"events": events}) == valid, events


PACED = ("--rate", "5/s", "--dry-run")


def test_a_destination_of_any_kind_is_given_with_its_options(add):
    options = ["--to", "kafka:orders", "--to-option", "partitions=3", "--key", "id", "--op", "op"]
    kafka = printed(add("orders.jsonnet", *options, *PACED))["destinations"][0]["kafka"]
    assert kafka.items() >= {"topic": "orders", "partitions": 3, "key": "id", "op": "op"}.items()
    options = ["--to", "mysql:orders", "--key", "a, b", "--omit", "c"]
    mysql = printed(add("orders.jsonnet", *options, *PACED))["destinations"][0]["mysql"]
    assert mysql.items() >= {"table": "orders", "key": ["a", "b"], "omit": ["c"]}.items()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--to", "orders"], "expected KIND:NAME"),
        (["--to", "nope:orders"], "kinds: kafka"),
        (["--to", "mysql:orders", "--to-option", "nope=1"], "has no option 'nope'; its options"),
        (["--to", "mysql:orders", "--to-option", "key"], "expected NAME=VALUE, not 'key'"),
        (["--to", "file:orders", "--key", "id"], "'file' has no option 'key'"),
        (
            ["--to", "kafka:orders", "--to-option", "partitions=x"],
            "/partitions: must be an integer",
        ),
        (["--to-option", "key=id"], "--to-option needs --to"),
        (["--to", "mysql:orders", "--kafka", "t"], "cannot be combined"),
    ],
)
def test_what_is_wrong_with_a_destination_of_any_kind_is_said(add, options, said):
    done = add("orders.jsonnet", *options, "--dry-run")
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
