"""The part of an event that is written."""

from eventer.core.model import WrittenPart
from eventer.core.written_part import omitted_fields, written_value
from tests.families import family

EVENT = {"op": "upsert", "row": {"id": 1, "in": {"a": 1, "b": [{"c": 1}]}}, "a/b": 2}


@family(
    ("part", "expected"),
    [
        (WrittenPart(), EVENT),
        (WrittenPart("row"), EVENT["row"]),
        (WrittenPart("/row/in/b/0"), {"c": 1}),
        (WrittenPart("a/b"), 2),
        (WrittenPart("/a~1b"), 2),
        (WrittenPart("nothing"), None),
        (WrittenPart("/op/x"), None),
        (WrittenPart("row", ("in",)), {"id": 1}),
        (WrittenPart("row", ("/in/a", "/in/a/b", "id", "other")), {"in": {"b": [{"c": 1}]}}),
        (WrittenPart("row", ("/in/a", "in")), {"id": 1}),
        (WrittenPart("row", ("/in/b/0", "/in/b/0/c")), EVENT["row"]),
        (WrittenPart("op", ("x",)), "upsert"),
        (WrittenPart(None, ("row", "a/b")), {"op": "upsert"}),
    ],
)
def test_the_written_part_of_an_event(part, expected):
    assert written_value(EVENT, part) == expected


def test_omitted_fields_are_a_tree():
    part = WrittenPart(omit=("/a/b", "/a/c/d", "e", "/e/f"))
    assert omitted_fields(part) == {"a": {"b": None, "c": {"d": None}}, "e": None}
