"""Columns as lists and as Arrow."""

import numpy as np
import pyarrow as pa

from eventer.functions.catalog import CATALOG
from eventer.functions.columns import (
    ConstantColumn,
    DictionaryColumn,
    FloatColumn,
    IntegerColumn,
    ObjectColumn,
)
from eventer.functions.spec import BatchContext
from eventer.functions.string_building import (
    Alphabet,
    StringDictionary,
    concatenate_parts,
    digits,
    padded_digits,
)
from tests.families import family


def test_numbers_become_floats() -> None:
    values = IntegerColumn(np.array([1, -(1 << 53) + 1])).to_list()
    assert values == [1.0, -9007199254740991.0]
    assert all(isinstance(v, float) for v in values)
    assert FloatColumn(np.array([0.5])).to_list() == [0.5]


def test_picks_share_their_entries() -> None:
    entry = {"a": [1.0]}
    column = DictionaryColumn(np.array([1, 0, 1]), ("x", entry))
    assert column.to_list() == [entry, "x", entry]
    assert column.to_list()[0] is entry
    assert column.rows == 3


def test_fields_are_computed_on_demand() -> None:
    column = ObjectColumn(
        2, {"a": lambda: ConstantColumn("x", 2), "b": lambda: IntegerColumn(np.array([1, 2]))}
    )
    assert column.to_list() == [{"a": "x", "b": 1.0}, {"a": "x", "b": 2.0}]


def test_texts_are_arrow_large_strings() -> None:
    names = StringDictionary(["", "abc", "d"])
    column = concatenate_parts(3, names.take(np.array([0, 1, 2])))
    array = column.to_arrow()
    assert array.type == pa.large_string()
    array.validate(full=True)
    assert array.to_pylist() == column.to_list() == ["", "abc", "d"]


def test_an_empty_column_is_a_column() -> None:
    assert concatenate_parts(0, b"abc").to_list() == []


def test_parts_of_different_lengths_are_concatenated() -> None:
    names = StringDictionary(["a", "", "ccc"])
    pieces = (b"<", names.take(np.array([2, 1, 0])), b">", digits(np.array([0, 70, 123]), 3))
    assert concatenate_parts(3, *pieces).to_list() == ["<ccc>0", "<>70", "<a>123"]


def test_parts_of_one_width_are_concatenated() -> None:
    assert concatenate_parts(2, b"n", padded_digits(np.array([7, 42]), 3)).to_list() == [
        "n007",
        "n042",
    ]


def test_an_alphabet_gives_each_character_its_part_of_the_lanes() -> None:
    lanes = np.array([[0, 21845, 21846, 43690, 43691, 65535]], dtype=np.uint16)
    assert Alphabet(b"abc").write_text(lanes).tobytes() == b"aabbcc"


CALLS = {
    "get_integer": [1, 5],
    "get_number": [1, 5],
    "get_one_of": ["a, b"],
    "get_timestamp": ["2021-01-01", "2022-01-01", "1s"],
    "get_rand_user_agent": [],
    "get_dataset": ["x"],
}
FIELDS = CATALOG.get("get_rand_data").fields


@family("name", [*CALLS, *FIELDS])
@family("key", [5, np.empty(0, np.uint64)])
def test_every_function_gives_a_column_of_no_rows(name: str, key: object) -> None:
    """A part of a batch, such as the rows with a true condition, may be empty."""
    none = np.empty(0, np.int64)
    call = FIELDS[name] if name in FIELDS else CATALOG.get(name).call(CALLS[name])
    assert call.column(key, BatchContext(none, none)).to_list() == []


def test_texts_are_utf_8() -> None:
    entries = StringDictionary(["é", "", "東京", "a\0"])
    made = concatenate_parts(4, b"<", entries.take(np.array([2, 1, 3, 0])), b">")
    assert made.to_list() == ["<東京>", "<>", "<a\0>", "<é>"]
    assert made.to_arrow().to_pylist() == made.to_list()
    assert entries.width == len("東京".encode())
