"""Series: signals, walks and seasons."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.arguments import InvalidRowsError
from eventer.functions.catalog import CATALOG
from eventer.functions.series import reflected
from eventer.functions.spec import BatchContext, RowContext
from eventer.kernels.draw import series
from tests.families import family

SECOND = 10**9
HOUR = 3600 * SECOND
ZONE = ZoneInfo("Europe/Berlin")
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * SECOND


def at(times):
    times = np.asarray(times, dtype=np.int64)
    return BatchContext(np.arange(len(times), dtype=np.int64), times)


def values(name, arguments, times, key=1):
    return CATALOG.get(name).call(arguments).column(key, at(times)).values


def season_at(moments, *arguments):
    return values("get_season", arguments, [int(m.timestamp()) * SECOND for m in moments])


def test_a_signal_is_smooth_bounded_and_drifts():
    times = START + np.arange(2_000) * (HOUR // 50)
    found = values("get_signal", ("a", 20.0, 3.0, "1h"), times)
    assert np.abs(found - 20).max() < 3
    assert found.std() > 0.5
    assert np.abs(np.diff(found)).max() < 0.6
    assert np.abs(np.diff(found, 2)).max() < 0.15


def test_entities_and_calls_have_their_own_signals():
    times = START + np.arange(100) * HOUR
    first = values("get_signal", ("a", 0.0, 1.0, "1h"), times)
    others = [values("get_signal", (by, 0.0, 1.0, "1h"), times) for by in ("b", 1.0)]
    others.append(values("get_signal", ("a", 0.0, 1.0, "1h"), times, key=2))
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.5


def test_noise_is_a_part_of_the_amplitude():
    times = np.full(1_000, START)
    still = values("get_signal", ("a", 5.0, 1.0, "1h"), times)
    noisy = values("get_signal", ("a", 5.0, 1.0, "1h", 0.5), times)
    assert len(set(still.tolist())) == 1
    assert 0.2 < noisy.std() < 0.35
    assert np.abs(noisy - 5).max() < 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_signal", ("a", 0.0, 1.0, "1h", 0.1)),
        ("get_walk", (7.0, 0.0, 1.0, "1s", "2026-01-01")),
        ("get_season", ([1.0, 2.0, 5.0],)),
    ],
)
def test_a_value_depends_only_on_its_time(name, arguments):
    times = START + np.array([5, 900, 5, 3]) * SECOND
    call = CATALOG.get(name).call(arguments)
    column = call.column(3, at(times)).to_list()
    rows = [call.row(3, RowContext(n, int(time))) for n, time in enumerate(times)]
    assert column == rows
    moved = CATALOG.get(name).call([*arguments, *[None] * (9 - len(arguments))][: _count(name)])
    assert moved.column(3, at(times)).to_list() == column


def _count(name):
    return len(CATALOG.get(name).parameters)


@pytest.mark.parametrize("name", ["get_signal", "get_walk", "get_season"])
def test_an_offset_moves_the_time(name):
    given = {
        "get_signal": ["a", 0.0, 1.0, "1h", 0.0],
        "get_walk": ["a", 0.0, 1.0, "1s", "2026-01-01", None, None],
        "get_season": [[1.0, 2.0], "day", "UTC"],
    }[name]
    times = START + np.arange(5) * SECOND
    later = values(name, given, times + 90 * SECOND)
    assert values(name, [*given, 90.0], times).tolist() == later.tolist()
    assert values(name, [*given, "1m30s"], times).tolist() == later.tolist()
    assert values(name, [*given, np.full(5, 90.0)], times).tolist() == later.tolist()


@family("gap", [1, 4, 64, 1 << 14, 1 << 30])
def test_a_walk_has_independent_steps_at_every_scale(gap):
    """The variance of the difference over n steps is n."""
    count = 400
    starts = (np.arange(count) * 977 + 12_345) % (1 << 39)
    ends = [
        (series.walk(key, s), series.walk(key, s + gap)) for key, s in enumerate(starts.tolist())
    ]
    moves = np.array([b - a for a, b in ends]) / np.sqrt(gap)
    assert abs(moves.mean()) < 5 / np.sqrt(count)
    assert abs(moves.var() - 1) < 5 * np.sqrt(2 / count)


def test_neighbouring_steps_of_a_walk_are_independent():
    moves = np.diff([series.walk(1, step) for step in range(1_000)])
    assert abs(np.corrcoef(moves[1:], moves[:-1])[0, 1]) < 0.15
    assert abs(moves.std() - 1) < 0.1


def test_a_walk_begins_at_its_start_and_keeps_still_between_steps():
    times = [START - HOUR, START, START + 999_999_999, START + SECOND]
    before, first, same, second = values("get_walk", ("a", 7.0, 1.0, "1s", "2026-01-01"), times)
    assert before == first == same == 7
    assert second != 7


def test_a_walk_turns_back_at_its_ends():
    times = START + np.arange(300) * SECOND
    free = values("get_walk", ("a", 0.0, 1.0, "1s", "2026-01-01"), times)
    kept = values("get_walk", ("a", 0.0, 1.0, "1s", "2026-01-01", -2.0, 3.0), times)
    above = values("get_walk", ("a", 0.0, 1.0, "1s", "2026-01-01", -1.0), times)
    assert free.max() - free.min() > 8
    assert -2 <= kept.min() < -1 < 2 < kept.max() <= 3
    assert np.abs(np.diff(kept)).max() <= np.abs(np.diff(free)).max() + 1e-9
    assert above.tolist() == (np.abs(free + 1) - 1).tolist()


def test_ends_may_differ_between_rows():
    given = np.array([5.0, 5.0, 5.0, 5.0])
    lows = np.array([-np.inf, 0.0, 6.0, -np.inf])
    highs = np.array([np.inf, 4.0, np.inf, 4.0])
    assert reflected(given, lows, highs).tolist() == [5, 3, 7, 3]


def test_a_season_is_between_its_points():
    hours = [datetime(2026, 3, 2, hour, 30, tzinfo=UTC) for hour in (0, 12, 23)]
    curve = [float(n) for n in range(24)]
    assert season_at(hours, curve).tolist() == [0.5, 12.5, 11.5]


def test_a_week_begins_on_monday():
    days = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=n) for n in range(8)]
    curve = [float(n) for n in range(7)]
    assert season_at(days, curve, "week").tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    assert values("get_season", (curve, "week"), [0]).tolist() == [3]  # a Thursday


@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 29, tzinfo=ZONE), datetime(2026, 10, 25, tzinfo=ZONE)]
)
def test_a_season_follows_the_clock_on_both_changes(day):
    """The hours of local time from 0 to 6 of a day when the clock changes in Berlin."""
    curve = [float(n) for n in range(24)]
    first = day.astimezone(UTC)
    moments = [first + timedelta(minutes=20 * n) for n in range(20)]
    shown = [moment.astimezone(ZONE) for moment in moments]
    expected = [moment.hour + moment.minute / 60 for moment in shown]
    assert len({moment.utcoffset() for moment in shown}) == 2
    np.testing.assert_allclose(season_at(moments, curve, "day", "Europe/Berlin"), expected)


@family(
    ("name", "arguments", "said"),
    [
        ("get_signal", ([], 0.0, 1.0, "1h"), "'by' must be text or a number, not []"),
        ("get_signal", ("a", 0.0, -1.0, "1h"), "'amplitude' must be from 0 to 1e+250, not -1"),
        ("get_signal", ("a", 0.0, 1.0, "0s"), "'period' must be from 1 µs to 18 years, not "),
        ("get_signal", ("a", 0.0, 1.0, "1x"), "get_signal: 'period'"),
        ("get_signal", ("a", 0.0, 1.0, "1h", 2.0), "'noise' must be from 0 to 1, not 2"),
        ("get_walk", ("a", 0.0, -1.0, "1h", "2026-01-01"), "'step' must be from 0 to"),
        ("get_walk", ("a", 0.0, 1.0, -5.0, "2026-01-01"), "'every' must be from 1 µs to"),
        ("get_walk", ("a", 0.0, 1.0, "1h", "now"), "'since' is \"now\", which is not a fixed time"),
        (
            "get_walk",
            ("a", 0.0, 1.0, "1h", "monday"),
            "get_walk: 'since' is \"monday\", which is not a valid time",
        ),
        ("get_walk", ("a", 0.0, 1.0, "1h", "1950-01-01"), "outside the years 1970 to 2220"),
        ("get_walk", ("a", 0.0, 1.0, "1h", 5.0), "'since' must be text, not 5"),
        ("get_walk", ("a", 0.0, 1.0, "1h", "2026-01-01", 1.0), "'start' is 0, which is not"),
        (
            "get_walk",
            ("a", 0.0, 1.0, "1h", "2026-01-01", 0.0, 0.0),
            "'min', 0, must be below 'max', 0",
        ),
        (
            "get_walk",
            ("a", 0.0, 1.0, "1h", "0001-01-01T00:00:00+05:00"),
            "which is outside the years 1 to 9999",
        ),
        ("get_walk", ("a", 0.0, 1.0, "1h", "now-5x"), "which is not a fixed time"),
        ("get_season", ([1.0],), "'curve' must be an array of 2 to 10,080 numbers, not [1]"),
        ("get_season", ([1.0, "x"],), "'curve[1]' must be a number"),
        ("get_season", ([1.0, 2.0], "month"), '\'unit\' must be "day" or "week", not "month"'),
        ("get_season", ([1.0, 2.0], "day", "Mars"), "'timezone' is \"Mars\", which is not a time"),
    ],
)
def test_wrong_arguments_are_refused(name, arguments, said):
    with pytest.raises(EvaluationError) as caught:
        CATALOG.get(name).check(arguments)
    assert said in caught.value.message
    if "'since'" in said or "outside the years" in said:
        assert caught.value.hint


def test_times_that_are_too_far_are_refused():
    call = CATALOG.get("get_walk").call(("a", 0.0, 1.0, "1us", "2000-01-01"))
    with pytest.raises(InvalidRowsError, match=r"more than 2\^40 steps after") as caught:
        call.column(1, at([START - 26 * 365 * 24 * HOUR, START]))
    assert caught.value.rows.tolist() == [False, True]
    moved = CATALOG.get("get_signal").call(("a", 0.0, 1.0, "1h", 0.0, np.array([0.0, 9e9])))
    with pytest.raises(InvalidRowsError, match="'offset' is too far") as caught:
        moved.column(1, at([START, START]))
    assert caught.value.rows.tolist() == [False, True]
