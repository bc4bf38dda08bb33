"""What is encoded before it is asked for: done by then, and gone with the batch."""

import gc
import threading
import time
import weakref
from functools import partial

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.ahead import FEW_ROWS, Encoder
from eventer.testing.batches import batch_of


@pytest.fixture
def encoder():
    made = Encoder()
    yield made
    made.close()


def batch(first=0, rows=FEW_ROWS):
    return batch_of(first, [None] * rows)


async def test_what_was_begun_is_done_when_work_runs(encoder):
    go, one, two = threading.Event(), batch(), batch(FEW_ROWS)
    encoder.begin(one, go.wait)
    encoder.begin(two, lambda: "two")
    go.set()
    assert await encoder.run(lambda: (encoder.made(two), encoder.made(one))) == ("two", True)


async def test_it_is_given_out_once_and_by_identity(encoder):
    one = batch()
    encoder.begin(one, lambda: "one")
    assert await encoder.run(lambda: encoder.made(batch())) is None
    assert await encoder.run(lambda: encoder.made(one)) == "one"
    assert await encoder.run(lambda: encoder.made(one)) is None


async def test_few_rows_are_left_for_later(encoder):
    one = batch(rows=FEW_ROWS - 1)
    encoder.begin(one, lambda: "one")
    assert await encoder.run(lambda: encoder.made(one)) is None


async def test_what_is_refused_was_not_made(encoder):
    def refuse():
        raise DestinationRejectedError("no")

    one = batch()
    encoder.begin(one, refuse)
    assert await encoder.run(lambda: encoder.made(one)) is None


async def test_a_fault_of_ours_is_not_hidden(encoder):
    one = batch()
    encoder.begin(one, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await encoder.run(lambda: encoder.made(one))


async def test_the_time_of_all_work_is_told_once(encoder):
    encoder.begin(batch(), lambda: time.sleep(0.02))
    await encoder.run(lambda: time.sleep(0.01))
    assert encoder.lap() >= 30_000_000
    assert encoder.lap() == 0


@pytest.mark.parametrize("refused", [False, True])
async def test_what_was_made_of_a_dropped_batch_goes_with_it(encoder, refused):
    class Bytes:
        pass

    def work(one, made):
        if refused:
            raise DestinationRejectedError(f"no {one.rows}")
        return made

    made, one = Bytes(), batch()
    gone = weakref.ref(made), weakref.ref(one)
    encoder.begin(one, partial(work, one, made))
    await encoder.run(lambda: None)
    del made, one
    gc.collect()
    assert [each() for each in gone] == [None, None]
