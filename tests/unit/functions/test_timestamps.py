"""`get_timestamp`: its arguments, and the instants that it draws."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.columns import DictionaryColumn, StringColumn, TimestampColumn
from eventer.functions.spec import BatchContext, ReturnType, RowContext
from eventer.functions.time_points import parse_point, parse_step
from eventer.functions.timestamps import GET_TIMESTAMP, MAX_PRECOMPUTED_POINTS
from tests.families import family

NOW = int(datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC).timestamp() * 10**6) * 1000 + 789
HOUR = 3600 * 10**9


def column(*arguments: str, rows: int = 2000, now: int = NOW) -> TimestampColumn:
    context = BatchContext(np.arange(rows), np.full(rows, now, dtype=np.int64))
    made = GET_TIMESTAMP.call(arguments).column(3, context)
    assert isinstance(made, TimestampColumn)
    return made


def ns(text: str) -> int:
    return parse_point("start", text).ns


def test_the_readmes_call_draws_every_hour_of_its_days() -> None:
    values = column("2021-12-01", "2021-12-31", "1h", rows=20_000).to_list()
    assert len(set(values)) == 30 * 24 + 1
    assert min(values) == "2021-12-01T00:00:00Z"
    assert max(values) == "2021-12-31T00:00:00Z"
    assert all(v.endswith(":00:00Z") for v in values)


def test_a_small_grid_is_a_dictionary_and_a_large_one_strings() -> None:
    small = column("2021-12-01", "2021-12-31", "1h")
    assert isinstance(small.texts, DictionaryColumn)
    large = column("2021-12-01", "2021-12-31", "1s")
    assert isinstance(large.texts, StringColumn)
    edge = column("1970-01-01", "1971-01-01", f"{365 * 86_400 // (MAX_PRECOMPUTED_POINTS - 1)}s")
    assert isinstance(edge.texts, DictionaryColumn) == (
        365 * 86_400 // (365 * 86_400 // (MAX_PRECOMPUTED_POINTS - 1)) < MAX_PRECOMPUTED_POINTS
    )


def test_units_equal_the_texts() -> None:
    for arguments in (("2021-12-01", "2021-12-31", "1h"), ("now-7d", "now", "1ms")):
        made = column(*arguments)
        scale = 10**made.digits
        for unit, text in zip(made.units.tolist(), made.to_list(), strict=True):
            assert round(datetime.fromisoformat(text).timestamp() * scale) == unit


def test_points_of_the_grid_are_equally_likely() -> None:
    counts = np.bincount(column("2021-01-01", "2021-01-10", "1d", rows=50_000).texts.codes)
    assert len(counts) == 10
    assert all(abs(c - 5000) < 6 * 5000**0.5 for c in counts)


@family(
    ("text", "same"),
    [
        ("2021-12-01", "2021-12-01T00:00:00Z"),
        ("2021-12-01T10:30", "2021-12-01T10:30:00Z"),
        ("2021-12-01 10:30:05", "2021-12-01T10:30:05Z"),
        ("2021-12-01t10:30:05z", "2021-12-01T10:30:05Z"),
        ("2021-12-01T01:30:00+03:00", "2021-11-30T22:30:00Z"),
        ("2021-12-01T01:30:00-0130", "2021-12-01T03:00:00Z"),
        ("  2021-12-01 ", "2021-12-01T00:00:00Z"),
        ("2021-12-01T00:00:00.5Z", "2021-12-01T00:00:00.500Z"),
    ],
)
def test_forms_of_points_in_time(text: str, same: str) -> None:
    assert ns(text) == ns(same)
    assert column(text, text, "1h").to_list()[0] == same


@family(
    ("text", "offset"),
    [
        ("now", 0),
        ("now-7d", -7 * 24 * HOUR),
        ("now+1h30m", HOUR * 3 // 2),
        ("now - 1w2d12h", -(9 * 24 + 12) * HOUR),
        ("now+1.5s", 1_500_000_000),
        (" now ", 0),
    ],
)
def test_points_counted_from_now(text: str, offset: int) -> None:
    point = parse_point("start", text)
    assert point.relative
    assert point.ns == offset


def test_now_is_the_scheduled_time_of_each_event() -> None:
    context = BatchContext(np.arange(3), np.array([0, 10**9, NOW], dtype=np.int64))
    made = GET_TIMESTAMP.call(("now", "now", "1s")).column(3, context)
    assert made.to_list() == [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:01Z",
        "2024-05-06T07:08:09Z",
    ]


@family(
    ("step", "text"),
    [
        ("1m", "2024-05-06T07:08:09Z"),
        ("1s", "2024-05-06T07:08:09Z"),
        ("500ms", "2024-05-06T07:08:09.123Z"),
        ("1.5s", "2024-05-06T07:08:09.123Z"),
        ("1us", "2024-05-06T07:08:09.123456Z"),
        ("1ns", "2024-05-06T07:08:09.123456789Z"),
    ],
)
def test_the_step_decides_the_number_of_digits(step: str, text: str) -> None:
    assert column("now", "now", step).to_list()[0] == text


def test_digits_are_needed_by_start_and_step_not_by_the_end() -> None:
    assert column("2021-01-01", "2021-01-01T00:00:00.9Z", "1s").digits == 0
    assert column("2021-01-01T00:00:00.010Z", "2021-01-02", "1s").digits == 3
    assert column("2021-01-01T00:00:00.000001Z", "2021-01-02", "1s").digits == 6
    assert column("2021-01-01", "2021-01-02", "3ns").digits == 9


def test_one_end_may_be_relative_to_now() -> None:
    values = column("2024-05-06", "now", "1h").to_list()
    assert set(values) == {f"2024-05-06T{h:02}:00:00Z" for h in range(8)}
    values = column("now", "2024-05-06T10:00:00Z", "1h").to_list()
    assert set(values) == {f"2024-05-06T{h:02}:08:09Z" for h in (7, 8, 9)}


@given(
    st.integers(0, (1 << 64) - 1),
    st.integers(0, 1 << 62),
    st.integers(0, 4_000_000_000 * 10**9),
    st.sampled_from(
        [
            ("2021-12-01", "2021-12-31", "1h"),
            ("0001-01-01", "9999-12-31", "1ms"),
            ("1700-01-01", "2200-01-01", "1ns"),
            ("now-7d", "now", "1s"),
            ("now-1s", "now", "1ns"),
            ("1970-01-01", "now", "7us"),
            ("now", "9999-12-31", "1w"),
        ]
    ),
)
def test_a_draw_is_below_the_size_of_the_grid(
    key: int, index: int, now: int, arguments: tuple[str, str, str]
) -> None:
    from eventer.kernels.draw import draw

    start, end = (parse_point("start", a) for a in arguments[:2])
    step = parse_step(arguments[2])
    digits = next(d for d in (0, 3, 6, 9) if not any(x % 10 ** (9 - d) for x in (start.ns, step)))
    unit = 10 ** (9 - digits)
    low, high = (p.ns // unit + (now // unit if p.relative else 0) for p in (start, end))
    chosen = low + (draw(key, index) * ((high - low) // (step // unit) + 1) >> 64) * (step // unit)
    made = GET_TIMESTAMP.call(arguments).column(key, RowContext(index, now).as_column())
    assert isinstance(made, TimestampColumn)
    assert made.units.tolist() == [chosen]
    assert made.to_list() == [GET_TIMESTAMP.call(arguments).row(key, RowContext(index, now))]


@family(
    ("arguments", "said"),
    [
        ((20211201.0, "2021-12-31", "1h"), "'start' must be text, not 20211201"),
        (("2021-12-01", "2021-12-31", 5.0), "'step' must be text, not 5"),
        (
            ("2021-13-01", "2021-12-31", "1h"),
            "'start' is \"2021-13-01\", which is not a valid time: month",
        ),
        (("2021-02-29", "2021-12-31", "1h"), "day"),
        (("2021-12-01", "soon", "1h"), "'end' is \"soon\", which is not a valid time"),
        (("2021-12-01T25:00:00Z", "2021-12-31", "1h"), "hour"),
        (("2021-12-01T10:00:60Z", "2021-12-31", "1h"), "second"),
        (("2021-12-01T10:00:00+24:00", "2021-12-31", "1h"), "not a valid time"),
        (("2021-12-01x", "2021-12-31", "1h"), "not a valid time"),
        (("0000-01-01", "2021-12-31", "1h"), "year"),
        (("0001-01-01T00:00:00+01:00", "2021-12-31", "1h"), "outside the years 1 to 9999"),
        (("9999-12-31T23:00:00-01:00", "9999-12-31", "1h"), "outside the years 1 to 9999"),
        (("now-", "now", "1h"), "not a valid time"),
        (("now--1h", "now", "1h"), "not a valid time"),
        (("nowadays", "now", "1h"), "not a valid time"),
        (("now+5", "now", "1h"), "has no unit"),
        (("now-1y", "now", "1h"), "has the unknown unit 'y'"),
        (("now+9999999999w", "now", "1h"), "too long"),
        (("now+" + "9" * 100_000 + "d", "now", "1h"), "at most 200 characters"),
        (("now", "now", "9" * 100_000 + "s"), "at most 200 characters"),
        (("2021-12-31", "2021-12-01", "1h"), "'start' is after 'end'"),
        (("now", "now-1h", "1h"), "'start' is after 'end'"),
        (("2021-12-01", "2021-12-31", "0s"), "'step' must be greater than zero"),
        (("2021-12-01", "2021-12-31", "-1h"), "'step' must be greater than zero"),
        (("2021-12-01", "2021-12-31", "hour"), "'step'"),
        (("1500-01-01", "2021-12-31", "1ns"), "from 1678 to 2261"),
        (("2021-12-01", "2021-12-31", None), "needs its argument 'step'"),
        (("2021-12-01", "2021-12-31", "1h", "UTC"), "takes 3 arguments, not 4"),
    ],
)
def test_wrong_arguments_are_refused_with_a_reason(arguments: tuple, said: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_TIMESTAMP.check(arguments)
    assert said in caught.value.message
    assert caught.value.place is None


def test_an_end_that_now_has_passed_is_an_error_of_that_event() -> None:
    call = GET_TIMESTAMP.call(("now", "2024-05-06", "1d"))
    assert call.row(1, RowContext(0, NOW - 24 * HOUR)) == "2024-05-05T07:08:09Z"
    with pytest.raises(EvaluationError, match="2024-05-06T07:08:09Z, is after 'end'"):
        call.row(1, RowContext(0, NOW))


def test_a_now_too_far_out_is_an_error_of_that_event() -> None:
    call = GET_TIMESTAMP.call(("now", "now+280000h", "1ns"))
    with pytest.raises(EvaluationError, match="too far from now"):
        call.row(1, RowContext(0, (1 << 63) - 1))


def test_it_returns_timestamps() -> None:
    assert GET_TIMESTAMP.return_type is ReturnType.TIMESTAMP
