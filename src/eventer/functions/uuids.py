"""`get_uuid` and `get_uuid7`: UUIDs by RFC 9562."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import EvaluationError
from eventer.functions import arguments as args
from eventer.functions.columns import Column, StringColumn
from eventer.functions.formatted_parts import HexPart
from eventer.functions.program_builder import RandomWord
from eventer.functions.random_texts import RandomText
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, ReturnType
from eventer.functions.string_building import concatenate_parts, hexadecimal
from eventer.functions.text_parts import text_parts
from eventer.kernels import draw

_GROUPS: Final = ((0, 4), (4, 6), (6, 8), (8, 10), (10, 16))
_NS_PER_MS: Final = 1_000_000
_PARTS_PER_MS: Final = 1 << 12
_U: Final = np.uint64


@cache
def _version_4() -> RandomText:
    """The bytes of two words, little endian; byte 6 has the version and byte 8 the variant."""
    words = (
        RandomWord((0,), and_mask=draw.MASK ^ 0xF0 << 48, or_mask=0x40 << 48),
        RandomWord((1,), and_mask=draw.MASK ^ 0xC0, or_mask=0x80),
    )
    a, b, c, d, e = (HexPart(first, stop) for first, stop in _GROUPS)
    return RandomText(words, text_parts((a, b"-", b, b"-", c, b"-", d, b"-", e)))


@dataclass(frozen=True, slots=True)
class Uuid4(BoundCall):
    """122 random bits."""

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        return _version_4().column(key, context.index)


@dataclass(frozen=True, slots=True)
class Uuid7(BoundCall):
    """The scheduled time in 2^-12 milliseconds, and 62 random bits."""

    may_raise: ClassVar[bool] = True

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        scheduled = context.scheduled
        args.require(
            scheduled >= 0,
            lambda _: EvaluationError(
                "get_uuid7: the event is scheduled before 1970",
                hint="call get_uuid for UUIDs without a time",
            ),
        )
        words = np.empty((context.rows, 2), dtype=np.uint64)
        words[:, 0] = _time_bits(scheduled)
        words[:, 1] = draw.draw_column(key, context.index) >> _U(2) | _U(1 << 63)
        return _written(words)


def _written(words: draw.Words) -> StringColumn:
    """The UUIDs of rows of two words: the high and the low 64 bits."""
    rows = len(words)
    if draw.use_compiled(rows):
        from eventer.kernels.draw import uuid_loops

        offsets = np.arange(rows + 1, dtype=np.int64) * uuid_loops.WIDTH
        return StringColumn(uuid_loops.write_uuids(words), offsets)
    octets = words.astype(">u8").view(np.uint8)
    a, b, c, d, e = (hexadecimal(octets[:, first:stop]) for first, stop in _GROUPS)
    return concatenate_parts(rows, a, b"-", b, b"-", c, b"-", d, b"-", e)


def _time_bits(scheduled: NDArray[np.int64]) -> draw.Words:
    """48 bits of milliseconds, the version, and 12 bits of the fraction of a millisecond."""
    milliseconds = scheduled // _NS_PER_MS
    parts = (scheduled - milliseconds * _NS_PER_MS) * _PARTS_PER_MS // _NS_PER_MS
    return (milliseconds << 16 | 0x7000 | parts).view(np.uint64)


def _uuid(_: Sequence[Any]) -> BoundCall:
    return Uuid4()


def _uuid7(_: Sequence[Any]) -> BoundCall:
    return Uuid7()


GET_UUID: Final = FunctionSpec(
    name="get_uuid",
    parameters=(),
    return_type=ReturnType.UUID,
    doc="A random UUID: version 4 of RFC 9562, with hyphens and in lower case.",
    examples=("get_uuid()",),
    bind=_uuid,
)

GET_UUID7: Final = FunctionSpec(
    name="get_uuid7",
    parameters=(),
    return_type=ReturnType.UUID,
    doc="A UUID that sorts by time: version 7 of RFC 9562, with hyphens and in lower case. Its "
    "time is the time that the event is scheduled for, in units of 1/4096 ms; 62 bits are random.",
    examples=("get_uuid7()",),
    bind=_uuid7,
    time_dependent=True,
)
