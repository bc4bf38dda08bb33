"""Faults that a destination cannot take are refused, with the place in the list of rules."""

import pytest

from eventer.core.errors import Fault
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
from eventer.destinations.fault_rule_checks import fault_rule_errors
from eventer.destinations.http.target import HttpTarget
from tests.families import family

COLUMNS = (
    Column("at", ColumnType.TIMESTAMPTZ),
    Column("id", ColumnType.BIGINT),
    Column("name", ColumnType.TEXT),
    Column("row", ColumnType.JSONB),
)
SHAPE = EventShape(COLUMNS, open=False, is_object=True)
ROW = EventShape(
    tuple(Column(name, ColumnType.JSONB) for name in ("city", "id", "n", "x")), open=False
)
LIST = TEXT = EventShape((), open=False, is_object=False)
OPEN = EventShape(COLUMNS, open=True, is_object=True)
MALFORMED = FaultRule(FaultKind.MALFORMED, 0.1)


def rule(*fields, kind=FaultKind.CORRUPT, label=None):
    return FaultRule(kind, 0.1, fields, label)


def errors(rules, target, shape=SHAPE, part=SHAPE):
    shapes = {(): shape, ("row",): ROW, ("row", "x"): LIST, ("name",): TEXT, ("other",): OPEN}
    return list(fault_rule_errors(rules, target, lambda tokens: shapes[tuple(tokens)], part))


@pytest.mark.parametrize("target", [KafkaTarget("t", key="id"), ConsoleTarget()], ids=str)
def test_other_destinations_take_all_faults(target):
    assert errors([rule("id", "at", "/row/x/0", label="header"), MALFORMED], target) == []


def test_a_key_with_a_schema_takes_no_corrupted_value():
    target = KafkaTarget("t", key="/row/x", key_format="avro")
    assert errors([rule("id"), rule("/row/x", kind=FaultKind.NULL)], target) == []
    for field in ("/row/x", "row", "/row/x/0"):
        (error,) = errors([rule(field)], target)
        assert (error.pointer, error.message[:15]) == ("/0/fields/0", "a corrupted key")


def test_a_table_takes_faults_that_its_columns_take():
    target = PostgresTarget("t")
    accepted = [
        rule("name", "/row", "/row/x"),
        rule("at", "name", kind=FaultKind.NULL),
        rule("at", kind=FaultKind.MISSING),
        FaultRule(FaultKind.DROP, 1),
    ]
    assert errors(accepted, target) == []
    assert errors([rule("other")], target, OPEN, OPEN) == []


@family(
    ("rules", "target", "pointer", "said"),
    [
        ([rule("name"), rule("name", "at")], PostgresTarget("t"), "/1/fields/1", "timestamptz"),
        ([rule("/at")], PostgresTarget("t", key=("name",)), "/0/fields/0", "takes no corrupted"),
        ([MALFORMED], PostgresTarget("t"), "/0/kind", "needs a topic"),
        ([rule("name", label="header")], PostgresTarget("t"), "/0/label", "needs a topic"),
        ([rule("name", label="header")], FileTarget("p"), "/0/label", "needs a topic"),
        ([rule("name", label="header")], HttpTarget("/p"), "/0/label", "needs a topic"),
        (
            [rule("id", kind=FaultKind.NULL)],
            PostgresTarget("t"),
            "/0/fields/0",
            "'id' is a column of the upsert key",
        ),
        (
            [rule("/row/x", kind=FaultKind.MISSING)],
            PostgresTarget("t", key=("id", "row")),
            "/0/fields/0",
            "upsert key",
        ),
        ([rule("nam")], KafkaTarget("t"), "/0/fields/0", "'nam' is not a field of the template"),
        ([rule("/row")], KafkaTarget("t", value="row"), "/0/fields/0", "all that is written"),
        ([rule("row")], ConsoleTarget(value="/row/x"), "/0/fields/0", "all that is written"),
    ],
)
def test_what_a_target_cannot_take_is_refused(rules, target, pointer, said):
    (error,) = errors(rules, target)
    assert error.pointer == pointer
    assert said in error.message


def test_columns_are_fields_of_what_is_written():
    part = EventShape((Column("n", ColumnType.DOUBLE), Column("id", ColumnType.TEXT)), open=False)
    target = PostgresTarget("t", value="row")
    assert errors([rule("name", "at")], target, part=part) == []
    found = errors([rule("/row/n"), rule("/row/id")], target, part=part)
    assert [(each.pointer, each.message.split()[0]) for each in found] == [
        ("/0/fields/0", "the"),
        ("/1/fields/0", "'id'"),
    ]


def test_a_hint_names_the_field_that_may_be_meant():
    assert errors([rule("nam")], KafkaTarget("t")) == [
        Fault("/0/fields/0", "'nam' is not a field of the template", "did you mean 'name'?")
    ]
    assert errors([rule("/0")], KafkaTarget("t"), LIST, LIST) == []
    assert "not objects" in errors([rule("a")], KafkaTarget("t"), LIST, LIST)[0].message


def test_a_field_within_a_field_must_exist_as_far_as_that_is_known():
    assert errors([rule("/row/x"), rule("/row/x/3")], KafkaTarget("t")) == []
    assert errors([rule("/other/y")], KafkaTarget("t"), OPEN, OPEN) == []
    found = errors([rule("/row/cty", "/row/x/y"), rule("/name/x")], KafkaTarget("t"))
    assert found == [
        Fault("/0/fields/0", "'/row/cty' is not a field of the template", "did you mean 'city'?"),
        Fault("/0/fields/1", "'/row/x/y' is a field, but /row/x is not an object"),
        Fault("/1/fields/0", "'/name/x' is a field, but /name is not an object"),
    ]
