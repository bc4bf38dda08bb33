"""JSON text: numbers as ECMAScript, escapes as RFC 8785, keys by code point."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.json_text import json_text, number_text
from tests.families import family

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@family(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.33333325, "333333333.33333325"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1424953923781206.25, "1424953923781206.2"),
    ],
)
def test_numbers_of_rfc_8785_appendix_b(value, text):
    assert number_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_parses_to_the_same_double(value):
    assert float(number_text(value)) == value


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_other_numbers_are_rejected(value):
    with pytest.raises(ValueError, match="not a JSON number"):
        number_text(value)


@given(JSON)
def test_a_text_parses_to_the_same_value(value):
    assert json.loads(json_text(value), parse_int=float) == value


def test_keys_are_sorted_by_code_point_and_escapes_are_minimal():
    value = {"\U0001f600": 1.0, "\ufb33": True, "a": "\u2028/\x7f\n\x01"}
    assert json_text(value) == '{"a":"\u2028/\x7f\\n\\u0001","\ufb33":true,"\U0001f600":1}'
