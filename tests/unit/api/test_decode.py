import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.api.decode import MalformedJsonError, decode
from eventer.core.errors import RequestError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 70), 1 << 70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_json_text_round_trips(value, ascii_only):
    assert decode(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@pytest.mark.parametrize(
    ("body", "line", "column", "said"),
    [
        (b'{"a": 1,\n  "b": }', 2, 8, "a value is missing or not valid"),
        (b"", 1, 1, "a value is missing or not valid"),
        (b'{"a": "\xc3\xa9", x}', 1, 12, "a field name must be in double quotes"),
        (b"[1] 2", 1, 5, "text follows the value"),
        (b"[" * 65, 1, 65, "nested deeper than 64"),
        (b'{"a":' * 65, 1, 5 * 64 + 1, "nested deeper than 64"),
    ],
)
def test_malformed_bodies_are_reported_with_their_place(body, line, column, said):
    with pytest.raises(MalformedJsonError) as raised:
        decode(body)
    (fault,) = raised.value.faults
    assert said in fault.message
    assert (fault.place.line, fault.place.column) == (line, column)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"\xff", "not UTF-8: byte 0 is 0xff"),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[1e400]", "too large for a double"),
        (b"[" + b"9" * 400 + b"]", "too large for a double"),
        (b"[" + b"9" * 100_000 + b"]", "too large for a double"),
    ],
)
def test_values_that_are_not_json_are_rejected(body, said):
    with pytest.raises(MalformedJsonError, match=said):
        decode(body)


def test_a_name_given_twice_is_refused():
    with pytest.raises(RequestError, match="'a' is defined twice"):
        decode(b'{"x": {"a": 1, "b": 2, "a": 1}}')


def test_an_unpaired_surrogate_is_rejected_with_its_place():
    with pytest.raises(RequestError) as raised:
        decode(rb'{"events": [{"dataset": "\ud800"}], "x\udfff": "\ud83d\ude00"}')
    assert [fault.pointer for fault in raised.value.faults] == ["/events/0/dataset", ""]


def test_raw_line_breaks_in_strings_and_a_byte_order_mark_are_accepted():
    assert decode('\ufeff{"schema": "aGVs\nbG8="}'.encode()) == {"schema": "aGVs\nbG8="}


def test_brackets_in_strings_do_not_count_as_nesting():
    assert decode(json.dumps("[" * 100 + '"\\').encode()) == "[" * 100 + '"\\'
    assert decode(b"[" * 64 + b"]" * 64)


@pytest.mark.parametrize("body", [b'"' + b'\\"' * 500_000, b'"' * 1_000_001, b"[]" * 500_000])
def test_hostile_megabytes_are_rejected_in_linear_time(body):
    """In quadratic time, each would exceed the time limit of a test."""
    with pytest.raises(MalformedJsonError):
        decode(body)
