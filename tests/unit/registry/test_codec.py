"""Parts of a record as JSON text."""

from dataclasses import replace
from fractions import Fraction

import pytest

from eventer.core.model import (
    Column,
    ColumnType,
    EventContext,
    EventShape,
    FixedPopulation,
    KafkaTarget,
    PostgresTarget,
    ReferencedStream,
    Stream,
    Template,
)
from eventer.core.pace import (
    Cron,
    EventRate,
    PaceSpec,
    Profile,
    Stage,
    Stages,
    Steady,
    ticks,
)
from eventer.registry.codec import (
    pace_text,
    read_pace,
    read_shape,
    read_target,
    read_template,
    shape_text,
    target_text,
    template_text,
)
from tests.families import family

RATE = EventRate(7, 1_000_000_000)
PACES = [
    ticks(10, 5),
    PaceSpec(Steady(RATE), "random", start="now-7d", end=9, max_events=3),
    PaceSpec(Stages((Stage(EventRate(0, 1), RATE, 5), Stage(RATE, RATE, 9)), repeat=None)),
    PaceSpec(Profile(RATE, (Fraction(1, 3), Fraction(0)) * 12, "Europe/Berlin")),
    PaceSpec(Cron("0 9 * * MON", "Asia/Tokyo", 50)),
]


@family("pace", PACES)
def test_paces_of_every_kind_are_read_back(pace):
    assert read_pace(pace_text(pace)) == pace


@pytest.mark.parametrize("unit", [None, "seconds"])
def test_a_shape_keeps_the_unit_of_timestamps(unit):
    text = shape_text(EventShape(timestamp_unit=unit))
    assert ("timestamp_unit" in text) == (unit is not None)
    assert read_shape(text).timestamp_unit == unit


@pytest.mark.parametrize("absent", [(), ("nope", "/a/b")])
def test_a_shape_keeps_the_fields_that_events_lack(absent):
    shape = EventShape((Column("a", ColumnType.TEXT),), open=True, is_object=True, absent=absent)
    text = shape_text(shape)
    assert ("absent" in text) == bool(absent)
    found = read_shape(text)
    assert (found, found.absent) == (shape, absent)


def test_a_target_of_an_earlier_version_reads_back_and_keeps_its_text():
    text = '{"kind":"postgres","table":"t","connection":"postgres","key":["a"]}'
    assert read_target(text) == PostgresTarget("t", key=("a",))
    assert target_text(read_target(text)) == text
    text = (
        '{"kind":"kafka","topic":"t","connection":"kafka","key":null,"partition":null,'
        '"timestamp":null,"headers":[["a","b"]],"partitions":null,"replication":null,"config":[]}'
    )
    assert read_target(text) == KafkaTarget("t", headers=(("a", "b"),))
    assert target_text(read_target(text)) == text


def test_a_target_keeps_what_it_writes():
    target = KafkaTarget("t", key="k", value="/a", omit=("b", "/c/d"), op="op")
    assert read_target(target_text(target)) == target


def test_a_template_keeps_its_references():
    customers = ReferencedStream(
        "customers",
        Template("{ a: 'é' }", "c", '{"x":1}', (("lib", b"\xff"),)),
        Stream((1 << 64) - 1, "s"),
        EventContext("set", "i"),
        FixedPopulation(9),
        explicit_seed=True,
        digest="ab",
    )
    countries = replace(customers, name="countries", population=FixedPopulation(None))
    template = Template("{}", references=(countries, customers))
    assert read_template(template_text(template)) == template


def test_a_template_of_an_earlier_version_reads_back_and_keeps_its_text():
    text = '{"text":"{}","name":"t","vars":"{}","imports":{"a":"/w=="}}'
    assert read_template(text) == Template("{}", "t", imports=(("a", b"\xff"),))
    assert template_text(read_template(text)) == text
