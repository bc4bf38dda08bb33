"""`get_uuid` and `get_uuid7`."""

from uuid import RFC_4122, UUID

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.functions.spec import BatchContext, RowContext
from eventer.functions.uuids import GET_UUID, GET_UUID7
from eventer.kernels.draw import descend, draw
from tests import goodness_of_fit as fit

ROWS = 4_000
START = 1_767_225_600_123_456_789
CONTEXT = BatchContext(
    np.arange(ROWS, dtype=np.int64), START + np.arange(ROWS, dtype=np.int64) * 250_000
)


@pytest.mark.parametrize(("spec", "version"), [(GET_UUID, 4), (GET_UUID7, 7)])
def test_uuids_are_those_of_the_rfc(spec, version) -> None:
    texts = spec.call(()).column(5, CONTEXT).to_list()
    uuids = [UUID(text) for text in texts]
    assert [str(each) for each in uuids] == texts
    assert {each.version for each in uuids} == {version}
    assert {each.variant for each in uuids} == {RFC_4122}
    assert len(set(texts)) == ROWS
    for row in (0, 1, ROWS - 1):
        assert spec.call(()).row(5, RowContext(row, int(CONTEXT.scheduled[row]))) == texts[row]


def test_a_random_uuid_has_the_bits_of_two_words() -> None:
    first, second = (draw(descend(5, word), 0).to_bytes(8, "little") for word in (0, 1))
    octets = bytearray(first + second)
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    assert GET_UUID.call(()).row(5, RowContext(0, 0)) == str(UUID(bytes=bytes(octets)))


def test_a_uuid7_has_the_scheduled_time_and_62_random_bits() -> None:
    uuids = [UUID(text) for text in GET_UUID7.call(()).column(5, CONTEXT).to_list()]
    assert uuids == sorted(uuids)
    for row in (0, 7):
        number, due = uuids[row].int, int(CONTEXT.scheduled[row])
        assert number >> 80 == due // 1_000_000
        assert number >> 64 & 0xFFF == due % 1_000_000 * 4096 // 1_000_000
        assert number & (1 << 62) - 1 == draw(5, row) >> 2
    assert GET_UUID7.time_dependent
    with pytest.raises(EvaluationError, match="the event is scheduled before 1970"):
        GET_UUID7.call(()).row(5, RowContext(0, -1))


@pytest.mark.parametrize("spec", [GET_UUID, GET_UUID7])
def test_random_bits_are_set_half_of_the_time(spec) -> None:
    numbers = [UUID(text).int for text in spec.call(()).column(5, CONTEXT).to_list()]
    bits = range(62) if spec is GET_UUID7 else [*range(62), *range(64, 76), *range(80, 128)]
    counts = [sum(number >> bit & 1 for number in numbers) for bit in bits]
    assert fit.fair(counts, ROWS) > fit.LEVEL
