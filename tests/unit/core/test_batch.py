"""Batches without some of their events."""

import pytest

from eventer.core.batch import advance_position
from eventer.core.errors import DestinationRejectedError
from eventer.core.model import ColumnType, Position
from eventer.testing.batches import batch_of

VALUES = [{"n": n, "word": f"w{n}"} for n in range(10)]


def test_a_batch_without_events_skips_their_indices() -> None:
    batch = batch_of(100, VALUES, skipped={103})
    left = batch.without({100, 104, 105, 99, 200})
    assert left.index.tolist() == [101, 102, 106, 107, 108, 109]
    assert (left.first, left.next, left.skipped) == (100, 110, 4)
    assert left.scheduled.tolist() == batch.scheduled[[1, 2, 5, 6, 7, 8]].tolist()
    assert left.text.to_pylist()[0] == b'{"n":1,"word":"w1"}'
    assert left.fields.column("/n", ColumnType.BIGINT).to_pylist() == [1, 2, 6, 7, 8, 9]
    after = advance_position(Position(next=100, bytes=5), [left])
    assert (after.next, after.skipped, after.bytes) == (110, 4, 5 + left.nbytes)


def test_it_is_the_same_batch_without_indices_that_it_does_not_have() -> None:
    batch = batch_of(0, VALUES)
    assert batch.without([]) is batch
    assert batch.without([77]) is batch


def test_repeatedly_and_completely() -> None:
    left = batch_of(0, VALUES).without({1, 2}).without({5})
    assert left.index.tolist() == [0, 3, 4, 6, 7, 8, 9]
    assert left.fields.column("/n", ColumnType.BIGINT).to_pylist() == [0, 3, 4, 6, 7, 8, 9]
    nothing = left.without(range(10))
    assert (nothing.rows, nothing.nbytes, nothing.skipped) == (0, 0, 10)
    assert nothing.fields.column("/n", ColumnType.BIGINT).to_pylist() == []


def test_a_value_of_an_event_that_is_left_out_is_not_rejected() -> None:
    batch = batch_of(0, [{"n": "text" if n in (0, 4, 5, 9) else n} for n in range(10)])
    errors = batch.rejected_values("/n", ColumnType.BIGINT)
    assert [error.index for error in errors] == [0, 4, 5, 9]
    with pytest.raises(DestinationRejectedError) as caught:
        batch.without({0, 4, 9}).fields.column("/n", ColumnType.BIGINT)
    assert caught.value.index == 5
    left = batch.without({0, 4, 5, 9})
    assert left.fields.column("/n", ColumnType.BIGINT).to_pylist() == [1, 2, 3, 6, 7, 8]
    assert left.rejected_values("/n", ColumnType.BIGINT) == []
    nothing = batch.without(range(10))
    assert nothing.fields.column("/n", ColumnType.BIGINT).to_pylist() == []
