"""JSON pointers as RFC 6901 §5 lists them, and plain field names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import RequestError
from eventer.core.pointer import ABSENT, format_pointer, parse_pointer, resolve
from tests.families import family

DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, "k": {"x": None}}


@family(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("a/b", 1),
        ("/m~0n", 8),
        ("/k/x", None),
        ("/foo/2", ABSENT),
        ("/foo/01", ABSENT),
        ("/foo/-", ABSENT),
        ("/foo/x", ABSENT),
        ("/k/x/y", ABSENT),
        ("/nope", ABSENT),
    ],
)
def test_resolves(pointer, value):
    assert resolve(DOCUMENT, parse_pointer(pointer)) is value or (
        resolve(DOCUMENT, parse_pointer(pointer)) == value
    )


@given(st.lists(st.text(), min_size=1))
def test_formatted_text_parses_to_the_same_value(tokens):
    assert parse_pointer(format_pointer(tokens)) == tuple(tokens)


def test_a_stray_tilde_is_rejected():
    with pytest.raises(RequestError, match="~0"):
        parse_pointer("/a~2")
