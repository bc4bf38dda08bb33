import pytest

from eventer.core.destination_kinds import BUILT_IN
from eventer.core.errors import RequestError
from eventer.core.model import FileTarget, KafkaTarget, PostgresTarget
from eventer.destinations.http.target import HttpTarget
from eventer.service.target_option_fields import kind_title, target_of, target_options


def test_each_kind_has_a_title_and_options_that_begin_with_its_location():
    first = {kind: target_options(kind)[0] for kind in BUILT_IN}
    assert {kind: option.name for kind, option in first.items()} == {
        "kafka": "topic",
        "postgres": "table",
        "file": "path",
        "http": "path",
        "mysql": "table",
    }
    assert all(option.entry == "text" and option.description for option in first.values())
    assert kind_title("file") == "Folder of files"


def test_the_entry_of_an_option_follows_from_its_type():
    entries = {
        option.name: option.entry
        for kind in ("kafka", "postgres", "file")
        for option in target_options(kind)
    }
    assert "connection" not in entries
    assert entries["headers"] == entries["config"] == "pairs"
    assert entries["partitions"] == "number"
    assert entries["partition_by"] == entries["omit"] == entries["key"] == "list"
    assert entries["op"] == "text"
    assert entries["schema"] == entries["key_schema"] == "document"
    (key, choice) = (
        next(each for each in target_options(kind) if each.name == name)
        for kind, name in (("kafka", "key"), ("file", "format"))
    )
    assert key.entry == "text"
    assert (choice.entry, choice.default) == ("choice", "ndjson")
    assert set(choice.choices) > {"csv", "parquet"}


def test_a_form_gives_the_target_of_a_request():
    entered = {"topic": "t", "key": "id", "headers": "a=x, b=y", "partitions": 3.0, "op": None}
    assert target_of("kafka", "kafka", entered) == KafkaTarget(
        "t", key="id", headers=(("a", "x"), ("b", "y")), partitions=3
    )
    entered = {"topic": "t", "format": "avro", "schema": '"int"', "key_schema": ""}
    target = KafkaTarget("t", format="avro", schema='"int"')
    assert target_of("kafka", "kafka", entered) == target
    entered = {"table": "t", "key": ["a", "b"], "omit": []}
    assert target_of("postgres", "other", entered) == PostgresTarget("t", "other", ("a", "b"))
    entered = {"path": "a/b", "format": "csv", "partition_by": ["dt={date}"]}
    assert target_of("file", "file", entered) == FileTarget("a/b", "file", "csv", ("dt={date}",))
    assert target_of("http", "http", {"path": ""}) == HttpTarget("", "http", "ndjson")


@pytest.mark.parametrize(
    ("kind", "entered", "pointer", "message"),
    [
        ("kafka", {"topic": ""}, "/topic", "is missing"),
        ("kafka", {"topic": "t", "headers": "a"}, "/headers", "must be pairs"),
        ("kafka", {"topic": "t", "partitions": 0}, "/partitions", "must be at least 1"),
        ("kafka", {"topic": "t", "partitions": 1.5}, "/partitions", "must be "),
        ("file", {"path": "p", "format": "x"}, "/format", "must be "),
    ],
)
def test_an_invalid_option_is_refused_with_its_pointer(kind, entered, pointer, message):
    with pytest.raises(RequestError) as refused:
        target_of(kind, kind, entered)
    (fault,) = refused.value.faults
    assert fault.pointer == pointer
    assert fault.message.startswith(message)
