"""Single rows, as the interpreter reads them, equal the columns in every order of reads."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import EvaluationError
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.row_reader import MAX_CHUNK, HashedDrawKeys, RowReader
from eventer.functions.spec import BatchContext
from eventer.jsonnet.natives import NativeObject
from eventer.kernels import draw

CALLS: tuple[tuple[str, Sequence[JsonValue]], ...] = (
    ("get_dataset", ("x",)),
    ("get_instance_id", (None,)),
    ("get_one_of", ("a, b, c",)),
    ("get_one_of", ([1.0, "x", None, {"a": True}],)),
    ("get_timestamp", ("2021-12-01", "2021-12-31", "1h")),
    ("get_timestamp", ("now-7d", "now", "1ms")),
    ("get_integer", (1.0, 1000.0)),
    ("get_integer", (-(2.0**63), 2.0**62)),
    ("get_number", (-1.0, 1.0)),
    ("get_rand_user_agent", ()),
)
FIELDS = CATALOG.get("get_rand_data").fields


def schedule(rows: int) -> np.ndarray:
    return np.arange(rows, dtype=np.int64) * 7_000_000_000 + 1_700_000_000_123_456_789


def expected(name: str, arguments: Sequence[JsonValue], key: int, index: int) -> JsonValue:
    due = np.array([index * 7_000_000_000 + 1_700_000_000_123_456_789], dtype=np.int64)
    context = BatchContext(np.array([index]), due, "the dataset", "the instance")
    return CATALOG.get(name).call(arguments).column(key, context).to_list()[0]


def call(reader: RowReader, name: str, arguments: Sequence[JsonValue], key: int) -> object:
    native = reader.find(name)
    assert native is not None
    return native.call(arguments, key)


def reader_at(first: int, rows: int, **options: int) -> RowReader:
    reader = RowReader(dataset="the dataset", instance_id="the instance", **options)
    reader.window(first, schedule(first + rows)[first:])
    return reader


reads = st.lists(
    st.tuples(st.sampled_from(CALLS), st.integers(0, 3), st.integers(0, 299), st.booleans()),
    min_size=1,
    max_size=40,
)


@given(reads)
def test_any_order_of_reads_gives_the_columns_values(order: list) -> None:
    reader, first = reader_at(0, 300), 0
    for (name, arguments), key, row, moves in order:
        if moves:
            first = row
            reader.window(first, schedule(first + 300)[first:])
        reader.row = row
        assert call(reader, name, arguments, key) == expected(name, arguments, key, first + row)


@given(st.sampled_from(list(FIELDS)), st.integers(0, (1 << 64) - 1), st.lists(st.integers(0, 99)))
def test_fields_of_objects_too(name: str, key: int, rows: list[int]) -> None:
    reader = reader_at(50, 100)
    for row in rows:
        reader.row = row
        made = call(reader, "get_rand_data", (), key)
        assert isinstance(made, NativeObject)
        context = BatchContext(np.array([50 + row]), np.zeros(1, dtype=np.int64))
        assert made.get(name) == FIELDS[name].column(key, context).to_list()[0]


def test_consecutive_rows_across_chunks_and_windows() -> None:
    reader, rows = reader_at(0, 3 * MAX_CHUNK), 3 * MAX_CHUNK
    values = []
    for row in range(rows):
        reader.row = row
        values.append(call(reader, "get_integer", (1.0, 1000.0), 5))
    column = CATALOG.get("get_integer").call((1.0, 1000.0))
    context = BatchContext(np.arange(rows), np.zeros(rows, dtype=np.int64))
    assert values == column.column(5, context).to_list()


def test_true_differs_from_1() -> None:
    reader = reader_at(0, 10)
    call(reader, "get_integer", (1.0, 5.0), 5)
    with pytest.raises(EvaluationError, match="'lo' must be a number, not true"):
        call(reader, "get_integer", (True, 5.0), 5)


def test_numbers_are_floats() -> None:
    reader = reader_at(0, 10)
    for row in range(4):
        reader.row = row
        assert type(call(reader, "get_integer", (1.0, 5.0), 5)) is float


def test_wrong_arguments_raise_every_time() -> None:
    reader = reader_at(0, 10)
    for row in range(3):
        reader.row = row
        for name, arguments in (("get_integer", (2.0, 1.0)), ("get_rand_data", (1.0,))):
            with pytest.raises(EvaluationError):
                call(reader, name, arguments, 5)


def test_a_row_that_raises_does_not_disturb_the_others() -> None:
    reader = RowReader()
    reader.window(0, np.arange(100, dtype=np.int64) * 10**9)
    arguments = ("now", "1970-01-01T00:00:30Z", "1h")
    for row in range(31):
        reader.row = row
        assert call(reader, "get_timestamp", arguments, 5) == f"1970-01-01T00:00:{row:02}Z"
    reader.row = 31
    with pytest.raises(EvaluationError, match="after 'end'"):
        call(reader, "get_timestamp", arguments, 5)


def test_memory_is_bounded_and_values_stay_right() -> None:
    limit = 100_000
    reader = reader_at(0, 50, max_bytes=limit)
    for row in range(50):
        reader.row = row
        for key in range(300):
            value = call(reader, "get_one_of", ("a, b, c",), key)
            if (row + key) % 97 == 0:
                assert value == expected("get_one_of", ("a, b, c",), key, row)
        assert reader.nbytes <= limit
    for window in range(1, 4):
        reader.window(50 * window, schedule(50 * window + 50)[50 * window :])
        assert reader.nbytes <= limit // 2


def test_arguments_that_change_with_the_row() -> None:
    reader = reader_at(0, 200)
    for row in range(200):
        reader.row = row
        arguments = (0.0, float(row))
        assert call(reader, "get_integer", arguments, 5) == expected(
            "get_integer", arguments, 5, row
        )


def test_it_finds_the_functions_of_the_catalog_with_their_parameters() -> None:
    reader = RowReader()
    assert tuple(reader.names()) == CATALOG.names()
    assert reader.find("get_nothing") is None
    native = reader.find("get_timestamp")
    assert native is not None
    assert native.name == "get_timestamp"
    assert list(native.params) == [("start", False), ("end", False), ("step", False)]
    dataset = reader.find("get_dataset")
    assert dataset is not None
    assert list(dataset.params) == [("otherwise", True)]


def test_an_object_shows_41_names_and_hides_one() -> None:
    made = call(reader_at(0, 10), "get_rand_data", (), 5)
    assert isinstance(made, NativeObject)
    assert len(made.names()) == 41
    assert list(made.hidden_names()) == ["payment_method"]
    assert made.get("payment_method") == made.get("opayment_method")


def test_draw_keys_are_those_of_the_draw() -> None:
    keys = HashedDrawKeys()
    assert keys.child(5, 6) == draw.child(5, 6)
    assert keys.step_of("a") == draw.step_of("a")
