"""`eventer init`: templates of tables satisfy their constraints, and no value is copied."""

import json
import uuid

import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.integration.cli.rental_schema import ROWS, SCHEMA, TABLES
from tests.waiting import DEADLINE_S

EVENTS = 150


@pytest.fixture
def rentals(database):
    database.execute(SCHEMA)
    database.execute(ROWS)
    return database


def test_templates_of_tables_satisfy_all_constraints(shell, rentals):
    """The database refuses rows that break a foreign key or check: every run would fail."""
    before = {table: rentals.value(f"SELECT count(*) FROM {table}") for table in TABLES}
    env = {"EVENTER_POSTGRES__DSN": rentals.dsn}
    names = ("payment", "film_actor", "staff")
    given = [option for name in names for option in ("--postgres", name)]
    done = shell.call("init", *given, "-o", "shop", **env)
    assert done.returncode == 0, done.stderr
    request = yaml.safe_load((shell.folder / "shop/request.yaml").read_text())
    order = [event["id"] for event in request["events"]]
    assert sorted(order) == sorted(TABLES)
    for table in order:
        used = sorted(_references(shell, table))
        given = [f"--with={name}=shop/{name}.jsonnet:{EVENTS}" for name in used]
        done = shell.call(
            "run", f"shop/{table}.jsonnet", "--postgres", table, "--max-events", EVENTS,
            "--seed", 7, *given, **env,
        )  # fmt: skip
        assert done.returncode == 0, (table, done.stderr)
        if table != "film_actor":  # pairs of keys may be the same: rows are upserted
            count = rentals.value(f"SELECT count(*) FROM {table}")
            assert count == before[table] + EVENTS, table
    assert rentals.value("SELECT count(*) FROM staff WHERE reports_to > 10") > EVENTS / 2
    assert rentals.value("SELECT count(*) FROM payment WHERE rental_id <= 800") == 800
    texts = "".join(path.read_text() for path in (shell.folder / "shop").iterdir())
    for value in ("secret.test", "Some Lane", "Film 1", "About", "District", "card", "Trailers"):
        assert value not in texts


def _references(shell, table):
    """The templates to which a template refers, also through others."""
    found, waiting = set(), [table]
    while waiting:
        text = (shell.folder / f"shop/{waiting.pop()}.jsonnet").read_text()
        used = {part.split("'")[0] for part in text.split("e.event_of('")[1:]}
        waiting += used - found
        found |= used
    return found


def test_a_template_of_one_table_names_what_it_refers_to(shell, rentals):
    env = {"EVENTER_POSTGRES__DSN": rentals.dsn}
    done = shell.call("init", "--postgres", "rental", **env)
    assert done.returncode == 0, done.stderr
    assert "inventory_id: inventory.inventory_id," in done.stdout
    assert "status: e.one_of(['open', 'returned'], [10, 90])," in done.stdout
    assert "rental refers to inventory, customer: with -o FOLDER" in done.stderr
    done = shell.call("init", "--postgres", "public.country", "-o", "c.jsonnet", **env)
    assert "next: eventer preview c.jsonnet" in done.stderr
    text = (shell.folder / "c.jsonnet").read_text()
    assert "country_id: e.sequence(21)," in text
    done = shell.call("init", "--postgres", "country", "-o", "c.jsonnet", **env)
    assert (done.returncode, (shell.folder / "c.jsonnet").read_text()) == (78, text)
    assert "c.jsonnet exists already: give another path with -o" in done.stderr
    done = shell.call("init", "--postgres", "nothing", **env)
    assert 'table "nothing" does not exist' in done.stderr
    kept = shell.call("init", "--postgres", "payment", "--keep-values", **env)
    assert "method: 'card'," in kept.stdout


def test_templates_of_samples_and_schemas_can_be_previewed(shell):
    rows = [f"{n},private{n}@secret.test,{n % 3},{n}.5" for n in range(1, 60)]
    shell.write("people.csv", "\n".join(["id,email,grade,score", *rows]))
    shell.write("shop.proto", "message Order { int64 id = 1; string email = 2; }")
    for given in (("--sample", "people.csv"), ("--schema", "shop.proto")):
        printed = shell.call("init", *given)
        assert printed.returncode == 0, printed.stderr
        assert "secret" not in printed.stdout
        shell.write("made.jsonnet", printed.stdout)
        assert shell.call("fmt", "--check", "made.jsonnet").returncode == 0
        shown = shell.call("preview", "made.jsonnet", "-n", 3, "--seed", 7)
        assert shown.stdout.count("@example.") == 3, shown.stderr
    for given, said in (
        ((), "give one source"),
        (("--sample", "people.csv", "--schema", "shop.proto"), "give one source"),
        (("--sample", "people.csv", "--message", "Order"), "--message needs --schema"),
        (("--postgres", "a", "--postgres", "b"), "several tables need -o FOLDER"),
        (("--schema", "people.csv"), "people.csv is not valid JSON"),
        (("--postgres", "a"), "connection 'postgres' has no address"),
        (("--kafka", "a", "--connection", "postgres"), "no connection to kafka"),
    ):
        refused = shell.call("init", *given)
        assert refused.returncode in (2, 78)
        assert said in " ".join(refused.stderr.replace("│", " ").split())


@pytest.mark.kafka
def test_a_template_of_a_topic_has_its_key(shell, kafka):
    env = {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": kafka}
    topic = f"init-{uuid.uuid4().hex}"
    _produce(kafka, topic, [{"no": f"A-{n}", "city": "Smalltown", "n": n} for n in range(60)])
    done = shell.call("init", "--kafka", topic, "-o", "orders", **env)
    assert done.returncode == 0, done.stderr
    text = (shell.folder / f"orders/{topic}.jsonnet").read_text()
    assert "Smalltown" not in text
    assert "// Key: no." in text
    assert r"no: e.pattern(@'A-\d{1,2}')" in text
    request = yaml.safe_load((shell.folder / "orders/request.yaml").read_text())
    assert request["destinations"][0]["kafka"] == {"topic": topic, "key": "no"}
    shown = shell.call("add", "orders/request.yaml", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    missing = shell.call("init", "--kafka", "nothing-there", **env)
    assert "topic 'nothing-there' does not exist" in missing.stderr


def _produce(kafka, topic, events):
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(DEADLINE_S)
    producer, errors = Producer({"bootstrap.servers": kafka}), []
    for event in events:
        text = json.dumps(event)
        producer.produce(
            topic, text, event["no"], on_delivery=lambda error, _: errors.append(error)
        )
    assert producer.flush(DEADLINE_S) == 0
    assert errors == [None] * len(events)
