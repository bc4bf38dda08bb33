"""Fields that options name: refused if no event can have them, a warning if none has."""

from dataclasses import replace

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    Column,
    ColumnType,
    ConsoleTarget,
    EventShape,
    FileTarget,
    KafkaTarget,
    PostgresTarget,
)
from eventer.destinations.option_fields import (
    absent_fields,
    check_option_fields,
    option_warnings,
)
from tests.families import family

COLUMNS = (Column("customer", ColumnType.JSONB), Column("order_id", ColumnType.BIGINT))
CLOSED = EventShape(COLUMNS, open=False, is_object=True)
OPEN = replace(CLOSED, open=True)
LIST = EventShape((), open=False, is_object=False)
OPTIONS = [
    ("key", {"key": "ordr_id"}),
    ("partition", {"partition": "ordr_id"}),
    ("timestamp", {"timestamp": "ordr_id"}),
    ("headers.h", {"headers": (("h", "ordr_id"),)}),
]


@family(("option", "options"), OPTIONS)
def test_a_field_that_no_event_has_is_refused(option, options):
    for shape in (CLOSED, replace(CLOSED, is_object=None)):
        with pytest.raises(DestinationRejectedError) as caught:
            check_option_fields(shape, KafkaTarget("t", **options))
        assert caught.value.message == (
            f"`{option}` names the field 'ordr_id', which is not a field of the template"
        )
        assert caught.value.hint == "did you mean 'order_id'?"


def test_fields_that_events_may_have_are_accepted():
    for options in ({}, {"key": "order_id"}, {"key": "/order_id"}, {"key": "/customer/id"}):
        check_option_fields(CLOSED, KafkaTarget("t", **options))
    for _, options in OPTIONS:
        check_option_fields(OPEN, KafkaTarget("t", **options))
    check_option_fields(LIST, KafkaTarget("t", key="/0"))
    with pytest.raises(DestinationRejectedError, match="not objects"):
        check_option_fields(LIST, KafkaTarget("t", key="order_id"))
    with pytest.raises(DestinationRejectedError, match="/custmer/id"):
        check_option_fields(CLOSED, KafkaTarget("t", key="/custmer/id"))


def test_fields_of_partition_folders():
    for text in ("order_id", "c={/customer/id}", "dt={date}", "h={hour}"):
        check_option_fields(CLOSED, FileTarget("t", partition_by=(text,)))
    for text in ("ordr_id", "n={ordr_id}"):
        target = FileTarget("t", partition_by=("order_id", text))
        with pytest.raises(DestinationRejectedError, match=r"`partition_by` names.*ordr_id"):
            check_option_fields(CLOSED, target)
    absent = replace(OPEN, absent=("/x",))
    ((message, _),) = option_warnings(absent, FileTarget("t", partition_by=("x",)))
    assert message.endswith("none of the first events has: all events go to the folder of null")


@pytest.mark.parametrize("target", [KafkaTarget("t"), PostgresTarget("t"), ConsoleTarget()])
def test_options_of_what_is_written(target):
    for options in ({"value": "customer"}, {"value": "/customer/x"}, {"omit": ("/customer/x",)}):
        check_option_fields(CLOSED, replace(target, **options))
    with pytest.raises(DestinationRejectedError, match="`value` names the field 'custmer'"):
        check_option_fields(CLOSED, replace(target, value="custmer"))
    with pytest.raises(DestinationRejectedError, match="not a field of what is written"):
        check_option_fields(CLOSED, replace(target, omit=("ordr_id",)))
    inside = EventShape((Column("id", ColumnType.BIGINT),), open=False, is_object=True)
    within = replace(target, value="customer", omit=("id",))
    check_option_fields(CLOSED, within, inside)
    check_option_fields(CLOSED, replace(within, omit=("order_id",)))  # what is in it is unknown
    with pytest.raises(DestinationRejectedError, match="`omit` names the field 'order_id'"):
        check_option_fields(CLOSED, replace(within, omit=("order_id",)), inside)
    with pytest.raises(DestinationRejectedError, match="what is written is not an object"):
        check_option_fields(CLOSED, within, LIST)


def test_the_operation_must_be_a_field():
    for target in (KafkaTarget("t", op="opp"), PostgresTarget("t", op="opp")):
        with pytest.raises(DestinationRejectedError, match="`op` names the field 'opp'"):
            check_option_fields(CLOSED, target)
        assert absent_fields(OPEN, target, lambda _: False) == ("opp",)
        ((message, _),) = option_warnings(replace(OPEN, absent=("opp",)), target)
        assert message.endswith("all events are upserts")


@family(
    ("field", "has_value", "absent"),
    [
        ("ordr_id", False, True),
        ("ordr_id", True, False),
        ("order_id", False, False),
        ("/customer/contry", False, True),
        ("/customer/country", True, False),
    ],
)
def test_fields_that_no_event_of_a_sample_has(field, has_value, absent):
    target = KafkaTarget("t", headers=(("h", field),))
    found = absent_fields(OPEN, target, lambda pointer: pointer.startswith("/") and has_value)
    assert found == ((field,) if absent else ())


@family(("option", "options"), OPTIONS)
def test_a_warning_says_what_follows(option, options):
    shape = replace(OPEN, absent=("ordr_id",))
    assert list(option_warnings(OPEN, KafkaTarget("t", **options))) == []
    ((message, hint),) = option_warnings(shape, KafkaTarget("t", **options))
    assert message.startswith(
        f"`{option}` names the field 'ordr_id', which none of the first events has: "
    )
    assert hint == "did you mean 'order_id'?"


def test_timestamps_in_another_unit_get_a_warning():
    shape = replace(OPEN, timestamp_unit="seconds")
    ((message, hint),) = option_warnings(shape, KafkaTarget("t", timestamp="order_id"))
    assert message == (
        "the values of `timestamp` look like seconds since 1970, but are taken for milliseconds"
    )
    assert hint is not None


def test_faults_of_fields_that_no_event_has_or_that_are_not_written_get_a_warning():
    rules = [FaultRule(FaultKind.NULL, 0.1, ("order_id", "/customer/contry", "/customer/id"))]
    target = KafkaTarget("t", omit=("/customer/id",))
    absent = absent_fields(OPEN, target, lambda pointer: pointer == "/customer/id", rules)
    assert absent == ("/customer/contry",)
    first, second = option_warnings(replace(OPEN, absent=absent), target, rules)
    assert first[0].startswith("`faults` names the field '/customer/contry', which none of the")
    assert first[0].endswith(": the fault does not change it")
    assert first[1] is None
    assert second[0] == "`faults` names the field '/customer/id', which is not written"
    within = KafkaTarget("t", value="customer")
    ((message, _),) = option_warnings(OPEN, within, rules[:1])
    assert message == "`faults` names the field 'order_id', which is not written"
