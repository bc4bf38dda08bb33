"""Encoding batches as columns: checks name the event, and each key has one row."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, PostgresTarget
from eventer.destinations.postgres.identifiers import TableName
from eventer.destinations.postgres.match_schema import TableMapping, match_schema
from eventer.destinations.postgres.row_encoding import (
    EncodedRows,
    RowBlock,
    encode,
    encode_block,
    encode_merged,
)
from eventer.destinations.postgres.table_creation import table_to_create
from eventer.kernels.pgcopy.copy_stream import pieces
from eventer.testing.batches import batch_of
from tests.families import family

FIELDS = (
    Column("id", ColumnType.BIGINT),
    Column("k", ColumnType.TEXT),
    Column("v", ColumnType.DOUBLE),
)


def mapping_of(*key: str) -> TableMapping:
    target = PostgresTarget("t", key=key or None)
    fields = FIELDS if key else FIELDS[1:]
    return match_schema(fields, target, table_to_create(TableName("public", "t"), fields, target))


def rows_of(encoded: EncodedRows) -> list[int]:
    """The rows that are copied."""
    return encoded.staged_rows.tolist()


keys = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "a", "b"])), max_size=25)


@given(keys, st.data())
def test_the_last_row_of_each_key_is_kept_in_order(pairs: list, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([("id",), ("k",), ("id", "k"), ("k", "id")]))
    encoded = encode(mapping_of(*key), [batch_of(0, [{"id": i, "k": k} for i, k in pairs])], 1)
    of = {"id": 0, "k": 1}
    last = {tuple(pair[of[name]] for name in key): n for n, pair in enumerate(pairs)}
    assert rows_of(encoded) == sorted(last.values())


@given(st.lists(st.tuples(keys, st.booleans()), min_size=1, max_size=5), st.data())
def test_encoding_ahead_gives_the_same_rows(made: list, data: st.DataObject) -> None:
    mapping = mapping_of(*data.draw(st.sampled_from([(), ("k",), ("id", "k")])))
    batches = [
        batch_of(100 * n, [{"id": i, "k": k} for i, k in pairs])
        for n, (pairs, _) in enumerate(made)
    ]
    wanted = {id(batch) for batch, (_, ahead) in zip(batches, made, strict=True) if ahead}
    one = encode(mapping, batches, 1, lambda b: compact(mapping, b) if id(b) in wanted else None)
    other = encode(mapping, batches, 1)
    if mapping.direct:
        assert np.array_equal(*(np.concatenate([*pieces(e.direct())]) for e in (one, other)))
        return
    assert np.array_equal(one.staged_stream(), other.staged_stream())
    assert one.index[rows_of(one)].tolist() == other.index[rows_of(other)].tolist()


def compact(mapping: TableMapping, batch: Batch) -> RowBlock:
    return encode_block(mapping, [batch]).compact()


def test_a_compacted_block_keeps_the_last_row_of_each_key() -> None:
    events = [{"id": n % 3, "v": n} for n in range(9)]
    block = compact(mapping_of("id"), batch_of(100, events, skipped={101}))
    assert block.index.tolist() == [106, 107, 108]
    assert [len(column.values) for column in block.columns] == [3, 3, 3]
    assert compact(mapping_of(), batch_of(100, events)).columns == ()


def test_a_block_of_another_mapping_is_encoded_again() -> None:
    batch = batch_of(0, [{"id": 1, "k": "a"}])
    block = encode_block(mapping_of(), [batch])
    assert encode(mapping_of("id"), [batch], 1, lambda _: block).blocks[0].mapping == mapping_of(
        "id"
    )


def test_appended_rows_are_all_kept() -> None:
    encoded = encode(mapping_of(), [batch_of(0, [{"k": "a"}, {"k": "a"}])], 1)
    assert rows_of(encoded) == [0, 1]


def test_batches_are_encoded_in_order() -> None:
    """Skipped indices have no row; errors name the index of the event, not the row."""
    batches = [
        batch_of(10, [{"id": 1}, {"id": 2}, {"id": 3}], skipped={11}),
        batch_of(13, [{"id": 1}, {}]),
    ]
    with pytest.raises(DestinationRejectedError) as caught:
        encode(mapping_of("id"), batches, 1)
    assert caught.value.index == 14
    assert rows_of(encode(mapping_of("id"), [batches[0], batch_of(13, [{"id": 1}])], 1)) == [1, 2]


def test_a_delivery_without_rows() -> None:
    encoded = encode(mapping_of("id"), [batch_of(0, [{"id": 1}], skipped={0})], 1)
    assert rows_of(encoded) == []
    assert len(encoded.staged_stream()) == 21


@family("text", ["\x00", "a\x00", "\x00a", "é\x00"])
def test_nul_is_found_in_any_place(text: str) -> None:
    rng = random.Random(text)
    at = rng.randint(0, 40)
    events = [{"k": f"text {n}"} for n in range(40)]
    events.insert(at, {"k": text})
    with pytest.raises(DestinationRejectedError, match="NUL") as caught:
        encode(mapping_of(), [batch_of(5, events)], 1)
    assert caught.value.index == at + 5


@given(st.lists(st.text(st.sampled_from("\\u0\x00"), max_size=8), min_size=1, max_size=6))
def test_nul_in_json_is_found_among_backslashes(texts: list[str]) -> None:
    """`\\\\u0000` is a backslash and five characters; `\\\\\\u0000` a backslash and NUL."""
    column = Column("j", ColumnType.JSONB)
    target = PostgresTarget("t")
    mapping = match_schema(
        (column,), target, table_to_create(TableName("s", "t"), (column,), target)
    )
    first = next((n for n, text in enumerate(texts) if "\x00" in text), None)
    batch = batch_of(0, [{"j": [text]} for text in texts])
    if first is None:
        encode(mapping, [batch], 1)
        return
    with pytest.raises(DestinationRejectedError) as caught:
        encode(mapping, [batch], 1)
    assert caught.value.index == first


@family("value", [1, None, "{", [{}], True])
def test_events_that_are_not_objects(value: object) -> None:
    with pytest.raises(DestinationRejectedError, match="event 1 is not an object"):
        encode(mapping_of(), [batch_of(0, [{}, value])], 1)


@pytest.mark.parametrize("key", [(), ("id",), ("k",), ("id", "k")])
@given(st.lists(st.lists(keys.filter(bool), min_size=1, max_size=2), min_size=1, max_size=5))
def test_merged_flows_are_encoded_as_separate_ones(key: tuple, flows: list) -> None:
    mapping = mapping_of(*key)
    numbered = [
        (
            10 + n,
            [
                batch_of(100 * m, [{"id": i, "k": k} for i, k in pairs])
                for m, pairs in enumerate(batches)
            ],
        )
        for n, batches in enumerate(flows)
    ]
    made = encode_merged(mapping, numbered)
    for stream, (number, batches) in zip(made, numbered, strict=True):
        alone = encode(mapping, batches, number)
        whole = (
            np.concatenate([*pieces(alone.direct())]) if mapping.direct else alone.staged_stream()
        )
        assert stream.tobytes() == whole.tobytes()


def test_keys_that_the_server_compares_are_numbered_within_each_flow() -> None:
    """As for a single flow; a numeric key has no exact form in Eventer."""
    target = PostgresTarget("t", key=("v",))
    mapping = match_schema(
        FIELDS, target, table_to_create(TableName("public", "t"), FIELDS, target)
    )
    loose = tuple(replace(c, exact=False) if c.name == "v" else c for c in mapping.columns)
    mapping = replace(mapping, columns=loose)
    assert mapping.has_row_numbers
    flows = [(n, [batch_of(0, [{"v": 1.5}, {"v": 1.5}])]) for n in (4, 2)]
    for stream, (number, batches) in zip(encode_merged(mapping, flows), flows, strict=True):
        assert stream.tobytes() == encode(mapping, batches, number).staged_stream().tobytes()
