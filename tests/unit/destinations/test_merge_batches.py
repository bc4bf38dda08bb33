"""Small deliveries are grouped, large ones are not, and merged rows are complete."""

from hypothesis import given
from hypothesis import strategies as st

from eventer.core.model import ColumnType, ConsoleTarget, PositionKey
from eventer.destinations.background_encoder import SMALL_BATCH_ROWS
from eventer.destinations.base import Delivery, Flow
from eventer.destinations.merge_batches import (
    MAX_MERGED_ROWS,
    count_rows,
    group_small_deliveries,
    merge_batches,
)
from eventer.testing.batches import batch_of


def delivery_of(generator, rows):
    flow = Flow(PositionKey(1, generator, 0), ConsoleTarget())
    return Delivery(flow, (batch_of(0, [generator] * rows),))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 60, SMALL_BATCH_ROWS - 1, SMALL_BATCH_ROWS]), st.booleans()
        )
    )
)
def test_small_deliveries_of_a_kind_are_grouped_in_order(sizes):
    deliveries = [delivery_of(n, rows) for n, (rows, _) in enumerate(sizes)]
    kinds = {d.flow.key: kind for d, (_, kind) in zip(deliveries, sizes, strict=True)}
    groups = group_small_deliveries(deliveries, lambda d: d, lambda d: kinds[d.flow.key])
    assert sorted(d.flow.key for group in groups for d in group) == sorted(kinds)
    for group in groups:
        keys = [d.flow.key for d in group]
        assert keys == sorted(keys)
        assert len({kinds[key] for key in keys}) == 1
        assert len(group) == 1 or all(0 < count_rows(d) < SMALL_BATCH_ROWS for d in group)
        assert sum(map(count_rows, group)) <= MAX_MERGED_ROWS
    small = [kinds[d.flow.key] for d in deliveries if 0 < count_rows(d) < SMALL_BATCH_ROWS]
    if len(small) * SMALL_BATCH_ROWS <= MAX_MERGED_ROWS:
        together = [group for group in groups if 0 < count_rows(group[0]) < SMALL_BATCH_ROWS]
        assert len(together) == len(set(small))


def test_merged_batches_have_a_maximum_size():
    deliveries = [delivery_of(n, SMALL_BATCH_ROWS - 1) for n in range(120)]
    groups = group_small_deliveries(deliveries, lambda d: d, lambda _: None)
    assert [sum(map(count_rows, group)) for group in groups] == [50 * 199, 50 * 199, 20 * 199]


def test_rows_keep_their_flows_index_and_fields():
    one, two = batch_of(7, [{"a": 1}, {"a": 2}], skipped={7}), batch_of(0, [{"b": "x"}])
    made = merge_batches([one, two])
    assert made.index.tolist() == [8, 0]
    assert made.text.to_pylist() == [b'{"a":2}', b'{"b":"x"}']
    assert made.scheduled.tolist() == [*one.scheduled.tolist(), *two.scheduled.tolist()]
    assert made.fields.column("/a", ColumnType.BIGINT).to_pylist() == [2, None]
    assert made.fields.names() == {"a", "b"}
