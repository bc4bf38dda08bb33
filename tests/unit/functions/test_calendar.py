"""The calendar against Python's own."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eventer.functions.calendar import (
    EPOCH,
    FIRST_SECOND,
    LAST_SECOND,
    dates,
    rfc3339,
    rfc3339_one,
)
from tests.families import family


@given(st.lists(st.dates(), min_size=1, max_size=20))
def test_dates_of_days(given_dates: list[date]) -> None:
    days = np.array([(d - date(1970, 1, 1)).days for d in given_dates], dtype=np.int64)
    found = dates(days)
    rows = zip(found.year.tolist(), found.month.tolist(), found.day.tolist(), strict=True)
    assert list(rows) == [(d.year, d.month, d.day) for d in given_dates]


@family("year", [1, 4, 100, 400, 1600, 1900, 1999, 2000, 2024, 2100, 9999])
def test_the_ends_of_february_and_of_the_year(year: int) -> None:
    for month, day in ((2, 28), (3, 1), (12, 31), (1, 1)):
        moment = date(year, month, day)
        text = rfc3339(np.array([(moment - date(1970, 1, 1)).days * 86_400]), 0).to_list()
        assert text == [f"{moment.isoformat()}T00:00:00Z"]


@given(st.integers(FIRST_SECOND, LAST_SECOND), st.integers(0, 999_999))
def test_rfc3339_with_microseconds(seconds: int, micros: int) -> None:
    moment = EPOCH + timedelta(seconds=seconds, microseconds=micros)
    expected = moment.strftime("%m-%dT%H:%M:%S.") + f"{micros:06}Z"
    units = seconds * 10**6 + micros
    assert rfc3339(np.array([units]), 6).to_list() == [f"{moment.year:04}-{expected}"]
    assert rfc3339_one(units, 6) == f"{moment.year:04}-{expected}"


@family(
    ("units", "digits", "text"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (-1, 0, "1969-12-31T23:59:59Z"),
        (-1, 3, "1969-12-31T23:59:59.999Z"),
        (1, 9, "1970-01-01T00:00:00.000000001Z"),
        (FIRST_SECOND, 0, "0001-01-01T00:00:00Z"),
        (LAST_SECOND, 0, "9999-12-31T23:59:59Z"),
    ],
)
def test_rfc3339_at_the_edges(units: int, digits: int, text: str) -> None:
    assert rfc3339(np.array([units]), digits).to_list() == [text]
    assert rfc3339_one(units, digits) == text


def test_first_and_last_second_are_those_of_the_years_1_and_9999() -> None:
    assert datetime(1, 1, 1, tzinfo=UTC).timestamp() == FIRST_SECOND
    assert datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp() == LAST_SECOND
