"""Typed columns from Python values."""

import numpy as np
import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType
from eventer.plan.json_fields import JsonFields
from tests.families import family

ROWS = [
    {
        "n": 1.0,
        "x": 0.5,
        "b": True,
        "s": "a",
        "t": "2021-12-01T00:00:00Z",
        "o": {"b": 1.0, "a": [2]},
    },
    {"n": None, "o": None},
    {},
]
FIELDS = JsonFields(ROWS, np.array([10, 11, 13]))


@family(
    ("pointer", "kind", "first"),
    [
        ("/n", ColumnType.BIGINT, 1),
        ("/n", ColumnType.DOUBLE, 1.0),
        ("/x", ColumnType.DOUBLE, 0.5),
        ("/b", ColumnType.BOOLEAN, True),
        ("/s", ColumnType.TEXT, "a"),
        ("/o", ColumnType.JSONB, '{"a":[2],"b":1}'),
        ("/s", ColumnType.JSONB, '"a"'),
        ("/s", ColumnType.KEY, b"a"),
        ("/n", ColumnType.KEY, b"1"),
        ("/o", ColumnType.KEY, b'{"a":[2],"b":1}'),
        ("/o/a/0", ColumnType.BIGINT, 2),
    ],
)
def test_absent_and_null_fields_are_null(pointer, kind, first):
    assert FIELDS.column(pointer, kind).to_pylist() == [first, None, None]


def test_a_timestamp_is_microseconds_in_utc():
    assert FIELDS.column("/t", ColumnType.TIMESTAMPTZ).cast("int64").to_pylist()[0] == (
        1_638_316_800_000_000
    )


@family(
    ("pointer", "kind"),
    [
        ("/x", ColumnType.BIGINT),
        ("/b", ColumnType.BIGINT),
        ("/s", ColumnType.DOUBLE),
        ("/n", ColumnType.TEXT),
        ("/s", ColumnType.TIMESTAMPTZ),
        ("/n", ColumnType.BOOLEAN),
    ],
)
def test_a_value_of_another_type_is_rejected_with_its_event(pointer, kind):
    with pytest.raises(
        DestinationRejectedError, match=f"event 10: .* at {pointer} is no"
    ) as caught:
        FIELDS.column(pointer, kind)
    assert caught.value.index == 10


def test_names_are_those_of_all_rows():
    assert FIELDS.names() == {"n", "x", "b", "s", "t", "o"}
