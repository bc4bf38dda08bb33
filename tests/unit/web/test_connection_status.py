"""The state of each connection, from a snapshot."""

from dataclasses import replace

from pydantic import SecretStr

from eventer.core.destination_kinds import kind_names
from eventer.core.errors import DestinationUnavailableError
from eventer.core.model import GeneratorState, PostgresTarget
from eventer.registry.base import GeneratorFailure
from eventer.service.connections import known_connections
from eventer.service.shard_totals import ShardTotals
from eventer.service.views import ConnectionReport, ShardId, Snapshot, TargetSize
from eventer.settings import Settings
from eventer.settings.model import KafkaConnection, PostgresConnection
from eventer.web.connection_status import connection_statuses, place_headers, place_rows
from tests.unit.api.canned_service import view

DSN = SecretStr("postgresql://me:hidden@db:5433/shop?password=hidden2")
CONNECTIONS = known_connections(
    Settings(
        kafka=KafkaConnection(bootstrap_servers="b1:9092,b2:9092"),
        postgres=PostgresConnection(dsn=DSN),
    ),
    shards=2,
)
RUNNING = view(1, state=GeneratorState.RUNNING, last_error=None)


def statuses(*views, connected=()):
    shards = {ShardId(name, 0): ShardTotals(connected=True) for name in connected}
    found = connection_statuses(CONNECTIONS, Snapshot(views, shards, ()))
    return {status.name: status for status in found}


def test_an_address_has_no_secret():
    addresses = {name: status.address for name, status in statuses().items()}
    assert addresses == {
        "kafka": "b1:9092,b2:9092",
        "postgres": "db:5433/shop",
        "file": "",
        "http": "",
        "mysql": "",
    }


def test_a_connection_in_use_has_the_guarantee_of_its_server():
    status = statuses(RUNNING, view(2), connected=["kafka"])["kafka"]
    assert (status.state, status.note, status.delivery) == ("running", "connected", "exactly-once")
    assert (status.places, len(status.generators)) == ({"boo": 2}, 2)
    assert statuses(RUNNING, connected=["kafka"])["postgres"].note == "not in use"


def test_the_newest_error_of_those_that_wait_is_shown():
    target = PostgresTarget("orders")
    waiting = []
    for number in (3, 9, 6):
        failure = GeneratorFailure(DestinationUnavailableError(f"no answer {number}"), number)
        each = view(number, state=GeneratorState.WAITING, last_error=failure)
        spec = replace(each.record.spec, target=target)
        waiting.append(replace(each, record=replace(each.record, spec=spec)))
    status = statuses(RUNNING, *waiting, connected=["postgres"])["postgres"]
    assert (status.state, status.note) == ("waiting", "3 generators wait")
    assert status.error.message == "no answer 9"


def test_a_connection_without_an_address_names_the_setting():
    known = known_connections(Settings(), shards=2)
    notes = {each.name: each.note for each in connection_statuses(known, Snapshot((), {}, ()))}
    assert notes["kafka"] == "no address: set EVENTER_KAFKA__BOOTSTRAP_SERVERS"
    assert notes["file"] == "no root folder: set EVENTER_FILE__ROOT"


def test_places_have_the_sizes_of_a_test():
    report = ConnectionReport(
        "Kafka",
        "exactly-once",
        None,
        {"a": TargetSize(1200, partitions=3), "b": TargetSize(None, 2048)},
    )
    assert list(place_rows({"b": 2, "a": 1, "c": 1}, report)) == [
        ("a", "1", "1,200", "3"),
        ("b", "2", "", "2.0 KiB"),
        ("c", "1", "", ""),
    ]
    *_, last = place_rows({f"{number:03}": 1 for number in range(60)}, None)
    assert last == ("and 10 more", "", "", "")


def test_places_of_every_kind_have_headers():
    headers = [place_headers(kind)[:2] for kind in (*kind_names(), "of-another-package")]
    assert headers == [
        ("Topic", "Generators"),
        ("Table", "Generators"),
        ("Folder", "Generators"),
        ("Path", "Generators"),
        ("Table", "Generators"),
        ("Target", "Generators"),
    ]
