"""`get_now`, `get_epoch` and `get_duration`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.scheduled_time import GET_DURATION, GET_EPOCH, GET_NOW
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels.draw import bounded, draw
from tests import goodness_of_fit as fit
from tests.families import family

START = 1_767_225_600_123_456_789
ROW = RowContext(0, START)


@family(
    ("arguments", "text"),
    [
        ((), "2026-01-01T00:00:00.123Z"),
        (("s",), "2026-01-01T00:00:00Z"),
        (("us",), "2026-01-01T00:00:00.123456Z"),
        (("ns",), "2026-01-01T00:00:00.123456789Z"),
        (("ms", "1d2h"), "2026-01-02T02:00:00.123Z"),
        (("ms", "-124ms"), "2025-12-31T23:59:59.999Z"),
        (("s", " +1w "), "2026-01-08T00:00:00Z"),
        (("ms", 1.5), "2026-01-01T00:00:01.623Z"),
        (("ns", -1e-9), "2026-01-01T00:00:00.123456788Z"),
        ((None, 0.0), "2026-01-01T00:00:00.123Z"),
    ],
)
def test_now_is_the_scheduled_time(arguments, text) -> None:
    assert GET_NOW.call(arguments).row(1, ROW) == text


@family(
    ("arguments", "number"),
    [
        ((), 1_767_225_600_123),
        (("s",), 1_767_225_600),
        (("us",), 1_767_225_600_123_456),
        (("s", "-1s"), 1_767_225_599),
        (("ms", 0.0005), 1_767_225_600_123),
        (("s", -1_767_225_601.0), -1),
    ],
)
def test_an_epoch_counts_units(arguments, number) -> None:
    assert GET_EPOCH.call(arguments).row(1, ROW) == number


def test_offsets_may_be_columns() -> None:
    offsets = np.array([0.0, 0.25, -3600.0])
    rows = BatchContext(np.arange(3), START + np.arange(3) * 10**9)
    for spec, unit in ((GET_NOW, "us"), (GET_EPOCH, "ms")):
        values = spec.call((unit, offsets)).column(1, rows).to_list()
        for row, offset in enumerate(offsets.tolist()):
            context = RowContext(row, int(rows.scheduled[row]))
            assert spec.call((unit, offset)).row(1, context) == values[row]
        assert spec.time_dependent


def test_times_beyond_64_bits_raise() -> None:
    for spec in (GET_NOW, GET_EPOCH):
        with pytest.raises(EvaluationError, match="too far") as caught:
            spec.call(("s", 9e9)).row(1, ROW)
        assert "1678 to 2261" in caught.value.hint
    rows = BatchContext(np.arange(2), np.full(2, START))
    with pytest.raises(InvalidRowsError) as caught:
        GET_NOW.call(("s", np.array([1.0, 9e9]))).column(1, rows)
    assert caught.value.rows.tolist() == [False, True]
    with pytest.raises(EvaluationError, match="too far"):
        GET_EPOCH.call(("us", 7.4e9)).row(1, ROW)


@given(
    st.integers(0, (1 << 64) - 1),
    st.integers(0, 1 << 60),
    st.integers(-(10**12), 10**12),
    st.integers(0, 10**12),
)
def test_a_duration_is_a_number_of_microseconds(key, index, low, size) -> None:
    high = low + size
    expected = bounded(draw(key, index), low, high) / 1e6
    row = RowContext(index, 0)
    assert GET_DURATION.call((low / 1e6, high / 1e6)).row(key, row) == expected
    texts = GET_DURATION.call((f"{low}us", f"{high}us"))
    assert texts.row(key, row) == expected
    columns = GET_DURATION.call((np.array([low / 1e6]), f"{high}us"))
    assert columns.column(key, row.as_column()).to_list() == [expected]


def test_durations_are_uniform() -> None:
    rows = BatchContext(np.arange(20_000), np.zeros(20_000, dtype=np.int64))
    values = np.array(GET_DURATION.call(("1s", "1m")).column(3, rows).to_list())
    assert fit.kolmogorov_smirnov((values - 1) / 59) > fit.LEVEL
    assert set(GET_DURATION.call(("1us", "3us")).column(3, rows).to_list()) == {1e-6, 2e-6, 3e-6}


@family(
    ("spec", "arguments", "said"),
    [
        (GET_NOW, ("minute",), "'precision' must be one of s, ms, us, ns, not \"minute\""),
        (GET_NOW, (5.0,), "'precision' must be one of s, ms, us, ns, not 5"),
        (GET_NOW, ("s", "soon"), "get_now: 'offset': 'soon' is not a duration"),
        (GET_NOW, ("s", "--1s"), "get_now: 'offset': '--1s' is not a duration"),
        (GET_NOW, ("s", "-+1s"), "get_now: 'offset': '-+1s' is not a duration"),
        (GET_NOW, ("s", True), "'offset' must be a duration, not true"),
        (GET_NOW, ("s", [1.0]), "'offset' must be a duration, not [1]"),
        (GET_NOW, ("s", 1e10), "'offset' is 10000000000 s, more than 292 years"),
        (GET_EPOCH, ("ns",), "'unit' must be one of s, ms, us, not \"ns\""),
        (GET_DURATION, ("2s", "1s"), "'lo' is 2 s, which is above 'hi', 1 s"),
        (
            GET_DURATION,
            ("1ns", "2ns"),
            "no whole microsecond is between 'lo', 1e-09 s, and 'hi', 2",
        ),
        (GET_DURATION, ("1.6us", "1.9us"), "no whole microsecond is between 'lo', 1.6e-06 s, and"),
        (GET_DURATION, ("2s",), "needs its argument 'hi', a duration"),
        (GET_DURATION, ("2", "3"), "'lo': duration '2' has no unit"),
    ],
)
def test_wrong_arguments_are_refused(spec, arguments, said) -> None:
    with pytest.raises(EvaluationError) as caught:
        spec.check(arguments)
    assert said in caught.value.message
    assert caught.value.hint


@family("offset", ["1 day", "1h1d", "now-1h", "5", ""])
def test_a_hint_tells_once_how_to_write_a_duration(offset) -> None:
    with pytest.raises(EvaluationError) as caught:
        GET_NOW.check(("ms", offset))
    assert "write" not in caught.value.message
    assert ": use" not in caught.value.message
    assert caught.value.hint.startswith('write text such as "250ms"')
    assert "the units are w and d, which come first, then h, m" in caught.value.hint


def test_rows_without_a_whole_microsecond_are_named() -> None:
    with pytest.raises(InvalidRowsError, match="no whole microsecond") as caught:
        GET_DURATION.call((np.array([1e-6, 1.2e-6]), 1.9e-6))
    assert caught.value.rows.tolist() == [False, True]
