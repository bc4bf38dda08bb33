"""Partition folders: levels, names of folders, rows of folders."""

import pyarrow as pa
import pytest

from eventer.core.errors import DestinationRejectedError, RequestError
from eventer.core.model import EventShape
from eventer.destinations.file.event_tables import (
    NO_FIELDS,
    RejectedEventsError,
    column_table,
    concatenate,
)
from eventer.destinations.file.partition_folders import (
    MAX_FOLDERS,
    Partitioner,
    PartitionLevel,
    parse_partition,
    split_by_folder,
)
from eventer.testing.batches import batch_of
from tests.families import family


@family(
    ("text", "level"),
    [
        ("country", PartitionLevel("country", "/country")),
        ("/address/city", PartitionLevel("city", "/address/city")),
        ("c={/address/city}", PartitionLevel("c", "/address/city")),
        ("dt={date}", PartitionLevel("dt", time="%Y-%m-%d")),
        ("hour={hour}", PartitionLevel("hour", time="%H")),
        ("date", PartitionLevel("date", "/date")),
    ],
)
def test_levels(text, level):
    assert parse_partition(text) == level


@family(
    "text", ["", "{date}", "dt={}", "dt=date", "../x={date}", "a b", "x={y}/z={w}", "/a/", "x" * 51]
)
def test_other_texts_are_no_levels(text):
    with pytest.raises(RequestError):
        parse_partition(text)


def folders(values, *levels, **of_batch):
    batch = batch_of(7, values, **of_batch)
    return Partitioner([parse_partition(each) for each in levels]).folders(batch)


def test_folders_are_named_by_values():
    values = [{"c": "de"}, {"c": 3}, {"c": True}, {"c": None}, {}, {"c": ""}, {"c": "a/b=c"}]
    null = "c=__HIVE_DEFAULT_PARTITION__"
    expected = ["c=de", "c=3", "c=true", null, null, null, "c=a%2Fb%3Dc"]
    assert folders(values, "c").to_pylist() == expected
    assert folders([], "c").to_pylist() == []
    assert folders(values) is None


def test_folders_of_the_scheduled_time():
    at = 1_767_225_599_999_999_999
    found = folders([{"c": 1}, {"c": 2}], "c", "dt={date}", "h={hour}", scheduled=[at, at + 1])
    assert found.to_pylist() == ["c=1/dt=2025-12-31/h=23", "c=2/dt=2026-01-01/h=00"]


def test_containers_and_long_texts_name_no_folder():
    values = [{"c": "x"}, {"c": {}}, {"c": [1]}, {"c": "x" * 300}]
    with pytest.raises(RejectedEventsError) as caught:
        folders(values, "c")
    assert [error.index for error in caught.value.errors] == [8, 9, 10]


def test_texts_that_look_like_containers_name_folders():
    assert folders([{"c": "[1]"}, {"c": "{x"}], "c").to_pylist() == ["c=%5B1%5D", "c=%7Bx"]
    with pytest.raises(RejectedEventsError) as caught:
        folders([{"c": "[1]"}, {"c": [1]}, {"c": "[1]"}], "c")
    assert [error.index for error in caught.value.errors] == [8]


def test_names_of_folders_fit_file_systems(tmp_path):
    name = "n" * 50
    (folder,) = folders([{name: "é" * 33}], name).to_pylist()
    (tmp_path / folder).mkdir()


def test_times_before_1970_belong_to_their_day():
    found = folders([{}], "dt={date}", "h={hour}", scheduled=[-1])
    assert found.to_pylist() == ["dt=1969-12-31/h=23"]


def test_the_column_of_rows_without_fields_is_alone():
    shape = EventShape(open=True, is_object=True)
    empty = column_table(batch_of(0, [{}]), shape)
    assert concatenate([empty, empty]).column_names == [NO_FIELDS]
    other = column_table(batch_of(1, [{"a": 1}]), shape)
    assert concatenate([empty, other]).to_pydict() == {"a": [None, "1"]}
    own = column_table(batch_of(1, [{"_": 1, "a": 2}]), shape)
    assert concatenate([empty, own]).to_pydict() == {"_": [None, "1"], "a": [None, "2"]}


def test_rows_of_a_folder_keep_their_order():
    table = pa.table({"n": list(range(6))})
    split = split_by_folder(table, pa.chunked_array([["b", "a", "b"], ["a", "c", "b"]]))
    found = {folder: rows.column("n").to_pylist() for folder, rows in split}
    assert found == {"b": [0, 2, 5], "a": [1, 3], "c": [4]}
    assert split_by_folder(table, None) == [(".", table)]
    assert split_by_folder(table.slice(0, 0), None) == []


def test_the_number_of_folders_is_limited():
    names = [f"n={n}" for n in range(MAX_FOLDERS + 1)]
    table = pa.table({"n": names})
    with pytest.raises(DestinationRejectedError, match="1,001 partition folders"):
        split_by_folder(table, pa.chunked_array([names]))
