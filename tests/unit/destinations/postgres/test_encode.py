"""Batches to columns: checks that name the event, and one row for each key."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.batch import Batch
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import Column, ColumnType, PostgresTarget
from eventer.destinations.postgres.encode import Encoded, Part, encode, encode_joint, part_of
from eventer.destinations.postgres.fit import TablePlan, fit
from eventer.destinations.postgres.names import TableName
from eventer.destinations.postgres.table import as_if_made
from eventer.kernels.pgcopy import pieces
from eventer.testing.batches import batch_of

FIELDS = (
    Column("id", ColumnType.BIGINT),
    Column("k", ColumnType.TEXT),
    Column("v", ColumnType.DOUBLE),
)


def plan_of(*key: str) -> TablePlan:
    target = PostgresTarget("t", key=key or None)
    fields = FIELDS if key else FIELDS[1:]
    return fit(fields, target, as_if_made(TableName("public", "t"), fields, target))


def rows_of(encoded: Encoded, until: int | None = None) -> list[int]:
    """Which rows are copied."""
    count = len(encoded.index) if until is None else until
    return encoded._kept(count).tolist()


keys = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "a", "b"])), max_size=25)


@given(keys, st.data())
def test_the_last_row_of_each_key_is_kept_in_order(pairs: list, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([("id",), ("k",), ("id", "k"), ("k", "id")]))
    until = data.draw(st.integers(0, len(pairs)))
    encoded = encode(plan_of(*key), [batch_of(0, [{"id": i, "k": k} for i, k in pairs])], 1)
    of = {"id": 0, "k": 1}
    last = {tuple(pair[of[name]] for name in key): n for n, pair in enumerate(pairs[:until])}
    assert rows_of(encoded, until) == sorted(last.values())


@given(st.lists(st.tuples(keys, st.booleans()), min_size=1, max_size=5), st.data())
def test_what_is_made_ahead_is_what_is_made_otherwise(made: list, data: st.DataObject) -> None:
    plan = plan_of(*data.draw(st.sampled_from([(), ("k",), ("id", "k")])))
    batches = [
        batch_of(100 * n, [{"id": i, "k": k} for i, k in pairs])
        for n, (pairs, _) in enumerate(made)
    ]
    wanted = {id(batch) for batch, (_, ahead) in zip(batches, made, strict=True) if ahead}
    one = encode(plan, batches, 1, lambda b: to_send(plan, b) if id(b) in wanted else None)
    other = encode(plan, batches, 1)
    if plan.direct:
        assert np.array_equal(*(np.concatenate([*pieces(e.direct())]) for e in (one, other)))
        return
    assert np.array_equal(one.staged(), other.staged())
    assert one.index[rows_of(one)].tolist() == other.index[rows_of(other)].tolist()


def to_send(plan: TablePlan, batch: Batch) -> Part:
    return part_of(plan, [batch]).to_send()


def test_of_a_part_to_be_sent_only_the_last_row_of_each_key_is_held_on_to() -> None:
    events = [{"id": n % 3, "v": n} for n in range(9)]
    part = to_send(plan_of("id"), batch_of(100, events, skipped={101}))
    assert part.index.tolist() == [106, 107, 108]
    assert [len(column.values) for column in part.columns] == [3, 3, 3]
    assert to_send(plan_of(), batch_of(100, events)).columns == ()


def test_a_part_made_for_another_plan_is_made_again() -> None:
    batch = batch_of(0, [{"id": 1, "k": "a"}])
    part = part_of(plan_of(), [batch])
    assert encode(plan_of("id"), [batch], 1, lambda _: part).parts[0].plan == plan_of("id")


def test_appended_rows_are_all_kept() -> None:
    encoded = encode(plan_of(), [batch_of(0, [{"k": "a"}, {"k": "a"}])], 1)
    assert rows_of(encoded) == [0, 1]


def test_batches_are_one_after_the_other() -> None:
    """And skipped indices are no rows: what is named is the event's index, not the row's."""
    batches = [
        batch_of(10, [{"id": 1}, {"id": 2}, {"id": 3}], skipped={11}),
        batch_of(13, [{"id": 1}, {}]),
    ]
    with pytest.raises(DestinationRejectedError) as caught:
        encode(plan_of("id"), batches, 1)
    assert caught.value.index == 14
    assert rows_of(encode(plan_of("id"), [batches[0], batch_of(13, [{"id": 1}])], 1)) == [1, 2]


def test_no_rows_at_all() -> None:
    encoded = encode(plan_of("id"), [batch_of(0, [{"id": 1}], skipped={0})], 1)
    assert rows_of(encoded) == []
    assert len(encoded.staged()) == 21


@pytest.mark.parametrize("text", ["\x00", "a\x00", "\x00a", "é\x00"])
def test_nul_is_found_wherever_it_is(text: str) -> None:
    rng = random.Random(text)
    at = rng.randint(0, 40)
    events = [{"k": f"text {n}"} for n in range(40)]
    events.insert(at, {"k": text})
    with pytest.raises(DestinationRejectedError, match="NUL") as caught:
        encode(plan_of(), [batch_of(5, events)], 1)
    assert caught.value.index == at + 5


@given(st.lists(st.text(st.sampled_from("\\u0\x00"), max_size=8), min_size=1, max_size=6))
def test_nul_in_json_is_found_among_backslashes(texts: list[str]) -> None:
    """`\\\\u0000` is a backslash and five characters; `\\\\\\u0000` a backslash and NUL."""
    column = Column("j", ColumnType.JSONB)
    target = PostgresTarget("t")
    plan = fit((column,), target, as_if_made(TableName("s", "t"), (column,), target))
    first = next((n for n, text in enumerate(texts) if "\x00" in text), None)
    batch = batch_of(0, [{"j": [text]} for text in texts])
    if first is None:
        encode(plan, [batch], 1)
        return
    with pytest.raises(DestinationRejectedError) as caught:
        encode(plan, [batch], 1)
    assert caught.value.index == first


@pytest.mark.parametrize("value", [1, None, "{", [{}], True])
def test_events_that_are_no_objects(value: object) -> None:
    with pytest.raises(DestinationRejectedError, match="event 1 is no object"):
        encode(plan_of(), [batch_of(0, [{}, value])], 1)


@pytest.mark.parametrize("key", [(), ("id",), ("k",), ("id", "k")])
@given(st.lists(st.lists(keys.filter(bool), min_size=1, max_size=2), min_size=1, max_size=5))
def test_what_is_made_of_several_flows_is_what_is_made_of_each(key: tuple, flows: list) -> None:
    plan = plan_of(*key)
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
    made = encode_joint(plan, numbered)
    for stream, (number, batches) in zip(made, numbered, strict=True):
        alone = encode(plan, batches, number)
        whole = np.concatenate([*pieces(alone.direct())]) if plan.direct else alone.staged()
        assert stream.tobytes() == whole.tobytes()


def test_keys_that_the_server_compares_are_numbered_within_each_flow() -> None:
    """As they are alone: a numeric key has no exact form here."""
    target = PostgresTarget("t", key=("v",))
    plan = fit(FIELDS, target, as_if_made(TableName("public", "t"), FIELDS, target))
    loose = tuple(replace(c, exact=False) if c.name == "v" else c for c in plan.columns)
    plan = replace(plan, columns=loose)
    assert plan.numbered
    flows = [(n, [batch_of(0, [{"v": 1.5}, {"v": 1.5}])]) for n in (4, 2)]
    for stream, (number, batches) in zip(encode_joint(plan, flows), flows, strict=True):
        assert stream.tobytes() == encode(plan, batches, number).staged().tobytes()
