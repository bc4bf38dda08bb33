"""Which fields an identity depends on."""

from dataclasses import replace

import pytest

from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.model import (
    EventContext,
    EventSource,
    FixedPopulation,
    GeneratorSpec,
    KafkaTarget,
    OnNull,
    PostgresTarget,
    ReferencedStream,
    Stream,
    Target,
    Template,
)
from eventer.service.identity import generator_id, identity_text
from tests.families import family

KAFKA = KafkaTarget("orders")
POSTGRES = PostgresTarget("orders")


def text(
    target: Target = KAFKA,
    *,
    dataset: str | None = "d",
    stream: str | None = None,
    digest: str = "ab" * 32,
    seed: int | None = None,
    on_null: OnNull = OnNull.EMIT,
    faults: tuple[FaultRule, ...] = (),
    references: tuple[ReferencedStream, ...] = (),
) -> str:
    template = Template("{}", references=references)
    event_source = EventSource(template, Stream(seed or 0, stream), EventContext(dataset))
    spec = GeneratorSpec(
        event_source,
        target,
        digest=digest,
        explicit_seed=seed is not None,
        on_null=on_null,
        faults=faults,
    )
    return identity_text(spec)


@family(
    "other",
    [
        text(POSTGRES),
        text(replace(KAFKA, topic="other")),
        text(replace(KAFKA, connection="second")),
        text(replace(KAFKA, key="id")),
        text(replace(KAFKA, partition="id")),
        text(replace(KAFKA, timestamp="id")),
        text(replace(KAFKA, headers=(("a", "b"),))),
        text(replace(KAFKA, value="id")),
        text(replace(KAFKA, omit=("id",))),
        text(replace(KAFKA, op="id")),
        text(on_null=OnNull.DROP),
        text(faults=(FaultRule(FaultKind.DROP, 0.1),)),
        text(dataset=None),
        text(dataset="e"),
        text(stream="s"),
        text(digest="cd" * 32),
        text(seed=0),
    ],
)
def test_each_part_of_an_identity_counts(other: str) -> None:
    assert other != text()
    assert generator_id(other) != generator_id(text())


@pytest.mark.parametrize(
    "same",
    [
        replace(KAFKA, partitions=3),
        replace(KAFKA, replication=2),
        replace(KAFKA, config=(("retention.ms", "1"),)),
    ],
)
def test_options_of_created_topics_do_not_count(same: KafkaTarget) -> None:
    assert text(same) == text()


def test_order_of_headers_does_not_count() -> None:
    one = replace(KAFKA, headers=(("a", "x"), ("b", "y")))
    two = replace(KAFKA, headers=(("b", "y"), ("a", "x")))
    assert text(one) == text(two)


def test_order_of_omitted_fields_does_not_count() -> None:
    assert text(replace(POSTGRES, omit=("a", "b"))) == text(replace(POSTGRES, omit=("b", "a")))


def test_options_of_later_versions_are_absent_unless_they_are_set() -> None:
    assert text() == (
        '{"dataset":"d","destination":{"connection":"kafka","headers":[],"key":null,"kind":"kafka",'
        '"partition":null,"timestamp":null,"topic":"orders"},"seed":null,"stream":null,'
        f'"template":"{"ab" * 32}"}}'
    )
    assert text(POSTGRES) == (
        '{"dataset":"d","destination":{"connection":"postgres","key":null,"kind":"postgres",'
        f'"table":"orders"}},"seed":null,"stream":null,"template":"{"ab" * 32}"}}'
    )


def test_upsert_keys_count_in_their_order() -> None:
    keys = [None, ("a",), ("a", "b"), ("b", "a")]
    assert len({text(replace(POSTGRES, key=key)) for key in keys}) == 4


def test_an_id_is_an_unsigned_64_bit_number_that_never_changes() -> None:
    assert generator_id(text()) == 11545932427728619413
    assert all(0 <= generator_id(str(n)) < 1 << 64 for n in range(1000))


def referenced(**changes: object) -> ReferencedStream:
    stream = ReferencedStream(
        "customers",
        Template("{ a: 1 }"),
        Stream(4),
        EventContext("d"),
        FixedPopulation(9),
        digest="cd" * 32,
    )
    return replace(stream, **changes)  # type: ignore[arg-type]


def test_what_is_referred_to_is_part_of_the_identity() -> None:
    base = text(references=(referenced(),))
    assert base != text()
    assert "references" not in text()
    for changes in (
        {"name": "others"},
        {"digest": "ef" * 32},
        {"context": EventContext("e")},
        {"stream": Stream(4, "named")},
        {"population": FixedPopulation(8)},
        {"explicit_seed": True},
    ):
        assert text(references=(referenced(**changes),)) != base
    drawn, chosen = Stream(5), {"explicit_seed": True}
    assert text(references=(referenced(stream=drawn),)) == base
    assert text(references=(referenced(stream=drawn, **chosen),)) != text(
        references=(referenced(**chosen),)
    )
