"""Faults of add requests by JSON pointer."""

import pytest

from eventer.core.errors import RequestError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import KafkaTarget, PostgresTarget, Target
from eventer.core.pace import EventRate, PaceSpec, Steady, ticks
from eventer.core.timelines import TimelineSpec
from eventer.destinations.postgres.connector import PostgresConnector
from eventer.service.connections import KnownConnection
from eventer.service.request_faults import raise_faults, request_faults, unsupported_faults
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    ScheduleRequest,
)
from tests.families import family

SOMEWHERE = PostgresConnector("postgres", {"dsn": "postgresql://x"})
CONNECTIONS = {
    "kafka": KnownConnection("kafka", SOMEWHERE, "kafka.bootstrap_servers"),
    "postgres": KnownConnection("postgres", SOMEWHERE, "postgres.dsn"),
    "later": KnownConnection("kafka", None, "connections.later.bootstrap_servers"),
}


NOW = 1_700_000_000_000_000_000


def pointers(request: AddRequest) -> list[str]:
    return [fault.pointer for fault in request_faults(request, CONNECTIONS, NOW)]


def to(target: Target, *, schedule: tuple[str, ...] = ("d", "e")) -> AddRequest:
    return AddRequest(
        (DestinationRequest("d", target),),
        (EventRequest("{}", id="e", pace=ticks(1, 1)),),
        (ScheduleRequest(*schedule),),
    )


def test_a_valid_request_has_no_faults() -> None:
    assert pointers(to(KafkaTarget("orders", headers=(("h", "/a/b"),)))) == []
    assert pointers(to(PostgresTarget("shop.orders"))) == []


def test_options_of_what_is_written() -> None:
    assert pointers(to(KafkaTarget("orders", key="k", value="/a", omit=("b",), op="/op"))) == []
    bad = {"value": "/~", "omit": ("a", "/~2"), "op": "/~x"}
    for target in (KafkaTarget("orders", key="k", **bad), PostgresTarget("orders", **bad)):
        at = f"/destinations/0/{target.kind}"
        assert pointers(to(target)) == [f"{at}/value", f"{at}/op", f"{at}/omit/1"]
    (fault,) = request_faults(to(KafkaTarget("orders", op="op")), CONNECTIONS, NOW)
    assert fault.pointer == "/destinations/0/kafka/op"
    assert fault.message.startswith("`op` needs `key`")
    assert pointers(to(PostgresTarget("orders", op="op"))) == [], "its table may have a key"
    assert pointers(to(KafkaTarget("orders", key="k", key_format="avro"))) == []
    (fault,) = request_faults(to(KafkaTarget("orders", key_format="avro")), CONNECTIONS, NOW)
    assert (fault.pointer, fault.message[:24]) == (
        "/destinations/0/kafka/key_format",
        "`key_format` needs `key`",
    )


def test_given_schemas_need_their_format_and_are_valid() -> None:
    long = {"schema": '"long"', "key_schema": ("s", 1), "key": "k"}
    assert pointers(to(KafkaTarget("orders", format="avro", key_format="avro", **long))) == []
    at = "/destinations/0/kafka"
    assert pointers(to(KafkaTarget("orders", **long))) == [f"{at}/schema", f"{at}/key_schema"]
    target = KafkaTarget("orders", format="avro", schema='{"type": "array"}')
    (fault,) = request_faults(to(target), CONNECTIONS, NOW)
    assert (fault.pointer, fault.message) == (
        f"{at}/schema",
        "the given schema is not valid: `items` is missing",
    )


def test_names_that_look_like_ids() -> None:
    assert pointers(to(KafkaTarget("orders"), schedule=("d", "e", "orders"))) == []
    assert pointers(to(KafkaTarget("orders"), schedule=("d", "e", "17"))) == ["/schedules/0/name"]


def test_unknown_ids() -> None:
    request = to(KafkaTarget("orders"), schedule=("dd", "nobody"))
    faults = list(request_faults(request, CONNECTIONS, NOW))
    assert [(f.pointer, f.message) for f in faults] == [
        ("/schedules/0/destination_id", "unknown destination 'dd': the request does not define it"),
        ("/schedules/0/event_id", "unknown event 'nobody': the request does not define it"),
    ]


def test_duplicate_ids() -> None:
    destination = DestinationRequest("d", KafkaTarget("orders"))
    event = EventRequest("{}", id="e", pace=ticks(1, 1))
    request = AddRequest((destination,) * 3, (event, event), ())
    assert pointers(request) == ["/destinations/1/id", "/destinations/2/id", "/events/1/id"]
    messages = [fault.message for fault in request_faults(request, CONNECTIONS, NOW)]
    assert messages[1:] == ["the id 'd' is defined twice", "the id 'e' is defined twice"]


def test_unknown_unconfigured_and_mismatched_connections() -> None:
    for name in ("kafk", "postgres", "later"):
        request = to(KafkaTarget("orders", connection=name))
        assert pointers(request) == ["/destinations/0/kafka/connection"]
    (fault,) = request_faults(to(KafkaTarget("orders", connection="later")), CONNECTIONS, NOW)
    assert fault.hint is not None
    assert "EVENTER_CONNECTIONS__LATER__BOOTSTRAP_SERVERS" in fault.hint


def test_invalid_names() -> None:
    assert pointers(to(KafkaTarget("a/b"))) == ["/destinations/0/kafka/topic"]
    assert pointers(to(PostgresTarget("a.b.c"))) == ["/destinations/0/postgres/table"]


@family(
    "target",
    [
        KafkaTarget("eventer-positions"),
        KafkaTarget("eventer-ledger"),
        KafkaTarget("__consumer_offsets"),
        PostgresTarget("eventer.position"),
        PostgresTarget('"eventer"."shard"'),
        PostgresTarget("eventer.anything"),
    ],
)
def test_reserved_names(target: KafkaTarget | PostgresTarget) -> None:
    (fault,) = request_faults(to(target), CONNECTIONS, NOW)
    assert "is reserved for" in fault.message
    assert "choose another" in fault.message


def test_a_field_twice_in_a_key() -> None:
    (fault,) = request_faults(to(PostgresTarget("t", key=("a", "b", "a"))), CONNECTIONS, NOW)
    assert fault.pointer == "/destinations/0/postgres/key/2"
    assert fault.message == "the key contains 'a' twice"


def test_options_that_are_not_pointers() -> None:
    target = KafkaTarget("orders", key="/a~", headers=(("h/1", "/~x"),))
    assert pointers(to(target)) == [
        "/destinations/0/kafka/key",
        "/destinations/0/kafka/headers/h~11",
    ]


def test_all_faults_are_raised_together() -> None:
    request = to(KafkaTarget("a/b", connection="nowhere"), schedule=("x", "y"))
    faults = list(request_faults(request, CONNECTIONS, NOW))
    with pytest.raises(RequestError, match="4 mistakes") as caught:
        raise_faults(faults)
    assert caught.value.faults == tuple(faults)
    raise_faults([])


@family(
    ("pace", "pointer"),
    [
        (PaceSpec(Steady(EventRate(1, 5)), start="now-60y"), "/events/0/pace/start"),
        (PaceSpec(Steady(EventRate(1, 5)), start="now-600w"), "/events/0/pace/start"),
        (PaceSpec(Steady(EventRate(1, 5)), end=NOW * 2), "/events/0/pace/end"),
        (
            PaceSpec(Steady(EventRate(1, 5)), start="now-1h", end=NOW - 5 * 10**12),
            "/events/0/pace/end",
        ),
        (PaceSpec(Steady(EventRate(1, 5)), end=0), "/events/0/pace/end"),
    ],
)
def test_times_of_a_pace_that_cannot_be(pace: PaceSpec, pointer: str) -> None:
    request = AddRequest((), (EventRequest("{}", id="e", pace=pace),), ())
    assert pointers(request) == [pointer]


def test_steps_of_timelines_get_no_faults() -> None:
    rules, timeline = [FaultRule(FaultKind.DROP, 0.5)], TimelineSpec(10**9)
    (fault,) = unsupported_faults(rules, timeline, "--faults")
    assert (fault.pointer, fault.message) == (
        "--faults",
        "faults are not available for timelines yet",
    )
    assert list(unsupported_faults(rules, None, "")) == []
    assert list(unsupported_faults([], timeline, "")) == []
