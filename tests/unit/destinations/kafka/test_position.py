"""Positions as records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.model import Position, PositionKey
from eventer.destinations.kafka.position import (
    decode_key,
    decode_position,
    encode_key,
    encode_position,
)
from tests.families import family

WORD = st.integers(0, 2**64 - 1)
KEYS = st.builds(PositionKey, WORD, WORD, st.integers(0, 2**31))
POSITIONS = st.builds(
    Position, WORD, WORD, WORD, st.lists(st.tuples(WORD, st.integers(1, 999))).map(tuple), WORD
)


@given(KEYS, POSITIONS)
def test_a_position_reads_back(key, position):
    assert decode_key(encode_key(key)) == key
    assert decode_position(encode_position(position)) == position


def test_the_record_of_a_position_as_documented():
    assert encode_key(PositionKey(255, 12, 3)) == b"00000000000000ff/12/3"
    assert encode_position(Position(5, 1, 99, ((0, 3), (4, 5)))) == (
        b'{"next":5,"skipped":1,"bytes":99,"partitions":[[0,3],[4,5]]}'
    )
    assert encode_position(Position(5, dropped=2)) == (
        b'{"next":5,"skipped":0,"bytes":0,"partitions":[],"dropped":2}'
    )


@family("key", [b"", b"x", b"1/2/3", b"00000000000000FF/12/3", b"00000000000000ff/12", b"\xff/1/1"])
def test_keys_of_other_formats_are_ignored(key):
    assert decode_key(key) is None


@family("value", [b"", b"{", b"5", b"[]", b'{"next":1}', b'{"next":"x"}'])
def test_a_value_that_is_not_a_position_is_an_error(value):
    with pytest.raises(ValueError, match="not a position"):
        decode_position(value)
