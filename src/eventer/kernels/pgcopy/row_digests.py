"""Reads rows in PostgreSQL's binary COPY format as digests, a piece of the stream at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.kernels.pgcopy.copy_stream import HEADER

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

_SMALLEST_ROW: Final = 6


@dataclass(frozen=True, slots=True)
class RowDigests:
    """The numbers in the first fields of rows, digests of their keys and of all other fields."""

    number: Ints
    key: Words
    content: Words


class CopyDigestReader:
    """Reads a COPY stream in pieces of any size; `in_key` marks the fields of the key."""

    def __init__(self, in_key: Sequence[bool]) -> None:
        self._in_key = np.array(in_key, np.uint8)
        self._incomplete_row = b""
        self._header_read = False

    def take(self, piece: bytes | memoryview) -> RowDigests:
        """The rows that are complete with this piece."""
        from eventer.kernels.pgcopy.row_digest_loops import digest_rows

        stream = self._incomplete_row + bytes(piece)
        if not self._header_read:
            if len(stream) < len(HEADER):
                self._incomplete_row = stream
                return _rows(0)
            stream, self._header_read = stream[len(HEADER) :], True
        rows = _rows(len(stream) // _SMALLEST_ROW)
        data = np.frombuffer(stream, np.uint8)
        count, at = digest_rows(data, self._in_key, rows.number, rows.key, rows.content)
        self._incomplete_row = stream[at:]
        return RowDigests(rows.number[:count], rows.key[:count], rows.content[:count])


def _rows(count: int) -> RowDigests:
    return RowDigests(
        np.empty(count, np.int64), np.empty(count, np.uint64), np.empty(count, np.uint64)
    )
