"""Instants relative to now."""

import pytest

from eventer.core.errors import RequestError
from eventer.core.instant import parse_moment
from tests.families import family

NOW = 1_700_000_000_000_000_000
HOUR = 3_600_000_000_000


@family(
    ("text", "instant"),
    [
        ("now", NOW),
        ("now-7d", NOW - 7 * 24 * HOUR),
        ("now+1h30m", NOW + 3 * HOUR // 2),
        ("now-1w2d3h", NOW - (9 * 24 + 3) * HOUR),
        (" now-0s ", NOW),
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("2023-11-14", 1_699_920_000_000_000_000),
    ],
)
def test_instants_and_offsets_from_now(text: str, instant: int) -> None:
    assert parse_moment(text, NOW) == instant


@family(
    ("text", "said"),
    [
        ("yesterday", 'is not an instant: .* or "now-7d"'),
        ("now-11y", "unknown unit 'y': use whole w, then whole d, then h, m, s, ms, us, ns"),
        ("now-", "is not an instant"),
        ("now 7d", "is not an instant"),
        ("now-7", "has no unit"),
        ("now-1h2d", "unknown unit 'd'"),
        ("now-60000d", "between the years 1970 and 2262"),
        ("now+999999999w", "between the years 1970 and 2262"),
        ("1969-12-31", "between the years 1970 and 2262"),
    ],
)
def test_others_are_refused(text: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        parse_moment(text, NOW)
