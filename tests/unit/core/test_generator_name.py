"""Names of generators: valid ones, derived ones, unique ones."""

from eventer.core.generator_name import UniqueNames, derived_name, name_fault
from eventer.core.model import ConsoleTarget, KafkaTarget, PostgresTarget
from tests.families import family


@family("name", ["a", "0x", "orders/e1", "kafka:a.b_c-d", "9" * 127 + "a"])
def test_valid_names(name):
    assert name_fault(name) is None


@family(
    "name",
    [
        "",
        "7",
        "9" * 19,
        "9" * 200,
        "-a",
        "/a",
        "a b",
        "a\n",
        "a\n\n",
        "ä",
        "٣",
        "a" * 129,
        "a/",
        "a//b",
        "a/../b",
    ],
)
def test_invalid_names(name):
    assert name_fault(name) is not None


@family(
    ("target", "event", "name"),
    [
        (KafkaTarget("orders"), "e1", "kafka:orders/e1"),
        (KafkaTarget("orders", "эхо"), "orders", "kafka:orders"),
        (PostgresTarget('shop."a.b"', "main db"), "new order", "main-db:shop.-a.b/new-order"),
        (KafkaTarget("2026", "7"), "заказ", "7:2026"),
        (PostgresTarget("таблица"), "", "postgres:generator"),
        (ConsoleTarget(), "e", "console:e"),
        (KafkaTarget("a"), "/x//./y/", "kafka:a/x/y"),
    ],
)
def test_a_derived_name_is_valid_and_tells_destination_and_event(target, event, name):
    assert derived_name(target, event) == name
    assert name_fault(name) is None


def test_long_derived_names_are_cut_and_stay_valid_and_unique():
    for length in range(115, 125):
        name = derived_name(KafkaTarget("t" * length), "e" * 200)
        names = UniqueNames(())
        unique = [names.unique(name) for _ in range(12)]
        assert len(set(unique)) == 12
        assert not any(map(name_fault, unique))


def test_names_without_a_suffix_stay_as_they_are():
    unique = [UniqueNames(()).unique(name) for name in ("a", "a_")]
    assert unique == ["a", "a_"]


def test_a_taken_name_gets_the_first_free_suffix():
    names = UniqueNames({"a", "a-3"})
    assert [names.unique(name) for name in ("a", "b", "a", "b")] == ["a-2", "b", "a-4", "b-2"]
