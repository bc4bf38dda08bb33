"""Suggestions for misspelled names."""

import pytest

from eventer.core.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "closest"),
    [
        ("ordr_id", ["id", "order_id"], "order_id"),
        ("Id", ["kind", "id"], "id"),
        ("ID", ["idx", "id"], "id"),
        ("USER_ID", ["users", "user_id"], "user_id"),
        ("nope", ["id", "name"], None),
        ("i" * 201, ["i" * 200], None),
    ],
)
def test_the_most_similar_name_is_suggested(name, known, closest):
    assert did_you_mean(name, known) == (closest and f"did you mean {closest!r}?")
