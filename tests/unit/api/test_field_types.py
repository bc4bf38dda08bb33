import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from eventer.api.wire.field_types import EncodedTemplate, Instant, Interval, Unsigned, Variables
from eventer.api.wire.generator_requests import EventBody
from eventer.core.limits import MAX_POPULATION, MAX_TICK_EVENTS
from tests.families import family

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
        ("{a: 1}", "is not base64: it contains '{'"),
        ("YWJjZ", "is not base64: the length is not valid"),
        ("/w==", "decodes to text that is not UTF-8 (byte 0)"),
        (5, "must be text"),
    ],
)
def test_invalid_base64_is_rejected_with_the_reason(value, why):
    assert said(EncodedTemplate, value) == why


@pytest.mark.parametrize("value", ["0", 0, "18446744073709551615", (1 << 64) - 1, "007"])
def test_unsigned_numbers_come_as_text_or_number(value):
    assert UNSIGNED.validate_python(value) == int(value)


@family(
    "value",
    ["-1", -1, "", " 1", "1.0", 1.0, True, "18446744073709551616", 1 << 64, "٣", "1_0", None],
)
def test_nothing_else_is_an_unsigned_number(value):
    assert said(Unsigned, value) == "must be an unsigned 64-bit integer, as decimal text"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0s", "must be greater than zero"),
        ("-1s", "must be greater than zero"),
        ("10", "has no unit"),
        (10, "must be text"),
    ],
)
def test_intervals_are_durations_greater_than_zero(value, why):
    assert why in said(Interval, value)


def test_instants_and_variables():
    assert TypeAdapter(Instant).validate_python("1970-01-01T01:00:00.5+01:00") == 500_000_000
    assert "is not an instant" in said(Instant, "yesterday")
    for text in ("2021-02-30", "2021-12-01T24:01:00Z"):
        assert said(Instant, text) == f"{text!r} is not an instant: the day or time does not exist"
    assert TypeAdapter(Variables).validate_python({"b": 1.0, "a": [True]}) == '{"a":[true],"b":1}'
    assert said(Variables, []) == "must be an object"


def test_the_count_of_an_event_is_bounded_by_what_it_counts():
    event = {"id": "e", "template": "{}", "count": MAX_POPULATION}
    assert EventBody.model_validate(event).request().count == MAX_POPULATION
    assert EventBody.model_validate(event | {"count": MAX_TICK_EVENTS, "interval": "1s"})
    for wrong in ({"count": MAX_POPULATION + 1}, {"interval": "1s"}):
        with pytest.raises(ValidationError):
            EventBody.model_validate(event | wrong)
