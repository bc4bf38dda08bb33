"""Rates as text, exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import RequestError
from eventer.core.pace import STOPPED, EventRate
from eventer.core.rate import format_rate, parse_rate
from tests.families import family


@given(
    st.integers(1, 10**6),
    st.integers(0, 10**6 - 1),
    st.sampled_from(["", "k", "M"]),
    st.sampled_from(["s", "m", "h"]),
)
def test_a_shown_rate_is_the_same_rate(whole: int, part: int, scale: str, unit: str) -> None:
    rate = parse_rate(f"{whole}.{part:06}{scale}/{unit}")
    assert parse_rate(format_rate(rate)) == rate


@family(
    ("text", "shown"),
    [
        ("500/s", "500/s"),
        ("5k", "5000/s"),
        ("100/m", "100/m"),
        ("120/m", "2/s"),
        ("0.5/s", "30/m"),
        ("1/h", "1/h"),
        ("0.1/h", "0.1/h"),
    ],
)
def test_rates_are_shown_with_a_whole_number_if_there_is_one(text: str, shown: str) -> None:
    assert format_rate(parse_rate(text)) == shown


def test_a_rate_of_zero_must_be_allowed() -> None:
    assert parse_rate("0", zero=True) == STOPPED
    assert format_rate(STOPPED) == "0/s"
    with pytest.raises(RequestError, match="greater than zero"):
        parse_rate("0.00/m")


def test_rates_per_second_and_per_nanosecond() -> None:
    assert EventRate(7, 2_000_000_000).per_second == 3.5
    assert EventRate(7, 2_000_000_000).per_ns * 2_000_000_000 == 7
