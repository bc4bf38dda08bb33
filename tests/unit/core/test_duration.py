"""Every form of Go's durations, and every error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.duration import DurationError, format_duration, parse_duration
from tests.families import family

SECOND = 1_000_000_000


@family(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("5s", 5 * SECOND),
        ("+5s", 5 * SECOND),
        ("-5s", -5 * SECOND),
        ("-0", 0),
        ("30s", 30 * SECOND),
        ("1478s", 1478 * SECOND),
        ("5.0s", 5 * SECOND),
        ("5.6s", 5_600_000_000),
        ("5.s", 5 * SECOND),
        (".5s", SECOND // 2),
        ("1.0s", SECOND),
        ("1.00s", SECOND),
        ("1.004s", 1_004_000_000),
        ("1.0040s", 1_004_000_000),
        ("100.00100s", 100_001_000_000),
        ("10ns", 10),
        ("11us", 11_000),
        ("12\u00b5s", 12_000),
        ("12\u03bcs", 12_000),
        ("13ms", 13_000_000),
        ("14s", 14 * SECOND),
        ("15m", 15 * 60 * SECOND),
        ("16h", 16 * 3600 * SECOND),
        ("3h30m", 12_600 * SECOND),
        ("1h30m", 5_400 * SECOND),
        ("1.5s", 1_500_000_000),
        ("10.5s4m", 250_500_000_000),
        ("-2m3.4s", -123_400_000_000),
        ("1h2m3s4ms5us6ns", 3_723_004_005_006),
        ("39h9m14.425s", 140_954_425_000_000),
        ("52763797000ns", 52_763_797_000),
        ("0.3333333333333333333h", 1_199_999_999_999),
        ("9223372036854775807ns", (1 << 63) - 1),
        ("9223372036854775.807us", (1 << 63) - 1),
        ("0.100000000000000000000h", 360 * SECOND),
        ("0.9ns", 0),
    ],
)
def test_accepted_durations(text, nanoseconds):
    assert parse_duration(text) == nanoseconds


@family(
    ("text", "reason"),
    [
        ("", "is not a duration"),
        ("-", "is not a duration"),
        ("+", "is not a duration"),
        ("s", "is not a duration"),
        (".", "is not a duration"),
        ("-.", "is not a duration"),
        (".s", "is not a duration"),
        ("+.s", "is not a duration"),
        ("3", "has no unit"),
        ("1.5", "has no unit"),
        ("1h30", "has no unit"),
        ("10 s", "the unknown unit ' s'"),
        (" 10s", "is not a duration"),
        ("10s ", "the unknown unit 's '"),
        ("10S", "the unknown unit 'S'"),
        ("1d", "the unknown unit 'd': use h, m, s, ms, us, ns"),
        ("10sec", "the unknown unit 'sec'"),
        ("1h-30m", "is not a duration"),
        ("--1s", "is not a duration"),
        ("1e3s", "the unknown unit 'e'"),
        ("\u0661s", "is not a duration"),
        ("9223372036854775808ns", "must be less than"),
        ("2562048h", "must be less than"),
        ("9223372036854775.808us", "must be less than"),
        ("\x00", "is not a duration"),
    ],
)
def test_rejected_durations_have_a_reason(text, reason):
    with pytest.raises(DurationError, match=reason):
        parse_duration(text)


@given(st.integers(-(1 << 63) + 1, (1 << 63) - 1))
def test_formatted_text_parses_to_the_same_value(nanoseconds):
    assert parse_duration(format_duration(nanoseconds)) == nanoseconds
