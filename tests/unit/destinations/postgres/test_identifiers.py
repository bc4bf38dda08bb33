"""Names in requests and in SQL."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.postgres.identifiers import (
    TableName,
    check_identifier,
    parse_table,
    quote,
)
from tests.families import family


@family(
    ("text", "schema", "name"),
    [
        ("boo", None, "boo"),
        ("Boo", None, "Boo"),
        ("s.boo", "s", "boo"),
        ('"a.b"', None, "a.b"),
        ('s."a.b"', "s", "a.b"),
        ('"s.t"."a""b"', "s.t", 'a"b'),
        ('"a".b', "a", "b"),
        ('mid"dle', None, 'mid"dle'),
        ("a b; c", None, "a b; c"),
        ("select", None, "select"),
        (" ", None, " "),
        ("x" * 63, None, "x" * 63),
        ("é" * 31, None, "é" * 31),
    ],
)
def test_names(text: str, schema: str | None, name: str) -> None:
    assert parse_table(text) == TableName(schema, name)


@family(
    "text",
    ["", ".", "a.", ".a", "a..b", "a.b.c", '"', '"a', '"a"b', '"a"."b', '""', '"".a', 'a.""',
     "a\x00", "x" * 64, "é" * 32, "s." + "x" * 64, "x" * 64 + ".t", "\udc80", "eventer.position"],
)  # fmt: skip
def test_invalid_names(text: str) -> None:
    with pytest.raises(DestinationRejectedError):
        parse_table(text)


@given(st.text(min_size=1, max_size=15), st.none() | st.text(min_size=1, max_size=15))
def test_quoted_names_are_read_back(name: str, schema: str | None) -> None:
    """Any valid name, formatted as SQL, parses to itself."""
    table = TableName(schema, name)
    try:
        for part in (name, schema or "x"):
            check_identifier(part, "name")
    except DestinationRejectedError:
        with pytest.raises(DestinationRejectedError):
            parse_table(str(table))
        return
    if schema != "eventer":
        assert parse_table(str(table)) == table


@given(st.text())
def test_any_text_is_a_name_or_rejected(text: str) -> None:
    try:
        table = parse_table(text)
    except DestinationRejectedError:
        return
    for part in filter(None, (table.schema, table.name)):
        assert len(part.encode()) <= 63
        assert "\x00" not in part


@given(st.text(max_size=20))
def test_quoting_doubles_quotes_only(name: str) -> None:
    quoted = quote(name)
    assert quoted[0] == quoted[-1] == '"'
    assert quoted[1:-1].replace('""', '"') == name
    assert '"' not in quoted[1:-1].replace('""', "")
