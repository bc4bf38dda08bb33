import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from eventer.api.wire.scalars import EncodedTemplate, Instant, Interval, Unsigned, Variables

TEMPLATE = TypeAdapter(EncodedTemplate)
UNSIGNED = TypeAdapter(Unsigned)


def said(adapter, value):
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(adapter).validate_python(value)
    (detail,) = raised.value.errors()
    return detail["ctx"]["text"]


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(1, 80),
    st.booleans(),
    st.booleans(),
)
def test_any_base64_of_text_reads_back(text, width, padded, url_safe):
    text = text.removeprefix("\ufeff")
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    encoded = encode(text.encode()).decode()
    encoded = encoded if padded else encoded.rstrip("=")
    lines = [encoded[i : i + width] for i in range(0, len(encoded), width)]
    assert TEMPLATE.validate_python(" \r\n\t".join(lines) + "\n") == text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("{a: 1}", "is no base64: it holds '{'"),
        ("YWJjZ", "is no base64: the last character is missing or one too many"),
        ("/w==", "is base64 of something that is not UTF-8 text (byte 0)"),
        (5, "must be text"),
    ],
)
def test_what_is_no_base64_text_is_refused_with_its_reason(value, why):
    assert said(EncodedTemplate, value) == why


@pytest.mark.parametrize("value", ["0", 0, "18446744073709551615", (1 << 64) - 1, "007"])
def test_unsigned_numbers_come_as_text_or_number(value):
    assert UNSIGNED.validate_python(value) == int(value)


@pytest.mark.parametrize(
    "value",
    ["-1", -1, "", " 1", "1.0", 1.0, True, "18446744073709551616", 1 << 64, "٣", "1_0", None],
)
def test_nothing_else_is_an_unsigned_number(value):
    assert said(Unsigned, value) == "must be an unsigned 64-bit number, as decimal text"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0s", "must be longer than nothing"),
        ("-1s", "must be longer than nothing"),
        ("10", "has no unit"),
        (10, "must be text"),
    ],
)
def test_intervals_are_durations_longer_than_nothing(value, why):
    assert why in said(Interval, value)


def test_instants_and_variables():
    assert TypeAdapter(Instant).validate_python("1970-01-01T01:00:00.5+01:00") == 500_000_000
    assert "is not an instant" in said(Instant, "yesterday")
    assert TypeAdapter(Variables).validate_python({"b": 1.0, "a": [True]}) == '{"a":[true],"b":1}'
    assert said(Variables, []) == "must be an object"
