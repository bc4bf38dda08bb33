"""Batches are encoded ahead, and their results are freed with them."""

import gc
import threading
import time
import weakref
from functools import partial

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.background_encoder import SMALL_BATCH_ROWS, BackgroundEncoder
from eventer.testing.batches import batch_of


@pytest.fixture
def encoder():
    made = BackgroundEncoder()
    yield made
    made.close()


def batch(first=0, rows=SMALL_BATCH_ROWS):
    return batch_of(first, [None] * rows)


async def test_submitted_batches_are_encoded_before_work_runs(encoder):
    go, one, two = threading.Event(), batch(), batch(SMALL_BATCH_ROWS)
    encoder.begin(one, go.wait)
    encoder.begin(two, lambda: "two")
    go.set()
    assert await encoder.run(lambda: (encoder.take_result(two), encoder.take_result(one))) == (
        "two",
        True,
    )


async def test_a_result_is_taken_once_and_by_batch_identity(encoder):
    one = batch()
    encoder.begin(one, lambda: "one")
    assert await encoder.run(lambda: encoder.take_result(batch())) is None
    assert await encoder.run(lambda: encoder.take_result(one)) == "one"
    assert await encoder.run(lambda: encoder.take_result(one)) is None


async def test_small_batches_are_not_encoded_ahead(encoder):
    one = batch(rows=SMALL_BATCH_ROWS - 1)
    encoder.begin(one, lambda: "one")
    assert await encoder.run(lambda: encoder.take_result(one)) is None


async def test_a_rejected_batch_has_no_result(encoder):
    def refuse():
        raise DestinationRejectedError("no")

    one = batch()
    encoder.begin(one, refuse)
    assert await encoder.run(lambda: encoder.take_result(one)) is None


async def test_an_internal_error_is_raised(encoder):
    one = batch()
    encoder.begin(one, lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await encoder.run(lambda: encoder.take_result(one))


async def test_elapsed_time_is_reported_once(encoder):
    """Both clocks are read within the work, in the thread of the encoder."""
    seen = []
    encoder.begin(batch(), lambda: seen.append(spin()))
    await encoder.run(lambda: seen.append(spin()))
    assert encoder.take_elapsed_ns() >= sum(seen) > 0
    assert encoder.take_elapsed_ns() == 0


def spin():
    """Waits until the clock has advanced; returns the nanoseconds."""
    begin = time.monotonic_ns()
    while (now := time.monotonic_ns()) == begin:
        pass
    return now - begin


@pytest.mark.parametrize("refused", [False, True])
async def test_the_result_of_a_dropped_batch_is_freed(encoder, refused):
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
