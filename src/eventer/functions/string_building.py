"""Writes strings for many rows at once.

A string is laid out as parts, each a matrix of bytes with a row per row of the column (or one row
for all). If lengths differ, a mask marks the bytes to keep; the others are removed at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions.columns import StringColumn

Bytes: TypeAlias = NDArray[np.uint8]
Mask: TypeAlias = NDArray[np.bool_]
Lanes: TypeAlias = NDArray[np.uint16]

LOWER: Final = b"abcdefghijklmnopqrstuvwxyz"
LETTERS: Final = LOWER.upper() + LOWER
DIGITS: Final = b"0123456789"
_ZERO: Final = ord("0")
_LANE_VALUES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class MaskedBytes:
    """Bytes; only those with `kept` belong to the string."""

    matrix: Bytes
    kept: Mask


PartBytes: TypeAlias = bytes | Bytes | MaskedBytes


class StringDictionary:
    """A dictionary of strings as a matrix of their UTF-8; `width` is the longest in bytes."""

    def __init__(self, entries: Sequence[str]) -> None:
        self.entries = tuple(entries)
        texts = [entry.encode() for entry in entries]
        lengths = np.array([len(text) for text in texts])
        self.width = int(lengths.max())
        padded = b"".join(text.ljust(self.width, b"\0") for text in texts)
        self._matrix = np.frombuffer(padded, dtype=np.uint8).reshape(len(entries), self.width)
        self._kept = np.arange(self.width) < lengths[:, np.newaxis]

    def __len__(self) -> int:
        return len(self.entries)

    def take(self, codes: NDArray[np.int64]) -> MaskedBytes:
        """The entries of these numbers."""
        return MaskedBytes(self._matrix[codes], self._kept[codes])


class Alphabet:
    """Characters; each lane of a word chooses one, `(lane · size) >> 16`."""

    def __init__(self, characters: bytes) -> None:
        self.characters = characters
        codes = np.arange(_LANE_VALUES, dtype=np.int64) * len(characters) >> 16
        self._by_lane = np.frombuffer(characters, dtype=np.uint8)[codes]

    def write_text(self, lanes: Lanes) -> Bytes:
        """A character per lane."""
        spelt: Bytes = self._by_lane[lanes]
        return spelt


def choose(lanes: Lanes, size: int) -> NDArray[np.int64]:
    """A number below `size` per lane: `(lane · size) >> 16`. For sizes of some dozens."""
    return lanes.astype(np.int64) * size >> 16


def concatenate_parts(rows: int, *text_parts: PartBytes) -> StringColumn:
    """A column of the concatenated parts."""
    joined = join_parts(rows, *text_parts)
    if isinstance(joined, MaskedBytes):
        return StringColumn(joined.matrix[joined.kept], _offsets(joined.kept.sum(axis=1)))
    width = joined.shape[1]
    return StringColumn(joined.reshape(-1), np.arange(rows + 1, dtype=np.int64) * width)


def join_parts(rows: int, *text_parts: PartBytes) -> Bytes | MaskedBytes:
    """The parts as one matrix with a row per row of the column."""
    parts = [matrix_and_mask(piece) for piece in text_parts]
    width = sum(matrix.shape[1] for matrix, _ in parts)
    out = np.empty((rows, width), dtype=np.uint8)
    kept = np.ones((rows, width), dtype=np.bool_)
    at = 0
    for matrix, mask in parts:
        until = at + matrix.shape[1]
        out[:, at:until] = matrix
        if mask is not None:
            kept[:, at:until] = mask
        at = until
    return out if all(mask is None for _, mask in parts) else MaskedBytes(out, kept)


def matrix_and_mask(piece: PartBytes) -> tuple[Bytes, Mask | None]:
    """The bytes of a part, and which of them belong to the string (None: all)."""
    if isinstance(piece, bytes):
        return np.frombuffer(piece, dtype=np.uint8).reshape(1, -1), None
    if isinstance(piece, MaskedBytes):
        return piece.matrix, piece.kept
    return piece, None


def _offsets(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def padded_digits(values: NDArray[np.int64], width: int) -> Bytes:
    """Numbers in exactly `width` decimal digits, with leading zeros."""
    out = np.empty((len(values), width), dtype=np.uint8)
    rest = values
    for place in range(width - 1, -1, -1):
        higher = rest // 10
        out[:, place] = rest - higher * 10 + _ZERO
        rest = higher
    return out


def digits(values: NDArray[np.int64], width: int) -> MaskedBytes:
    """Numbers of at most `width` decimal digits, without leading zeros."""
    matrix = padded_digits(values, width)
    kept = np.logical_or.accumulate(matrix != _ZERO, axis=1)
    kept[:, -1] = True
    return MaskedBytes(matrix, kept)


_BASE64: Final = np.frombuffer(LETTERS + DIGITS + b"-_", dtype=np.uint8)


def base64url(octets: Bytes) -> Bytes:
    """Each row of bytes in base64url, without padding."""
    rows, count = octets.shape
    full = np.zeros((rows, -(-count // 3) * 3), dtype=np.uint8)
    full[:, :count] = octets
    a, b, c = full[:, 0::3], full[:, 1::3], full[:, 2::3]
    sextets = np.empty((rows, full.shape[1] // 3, 4), dtype=np.uint8)
    sextets[:, :, 0] = a >> 2
    sextets[:, :, 1] = (a & 3) << 4 | b >> 4
    sextets[:, :, 2] = (b & 15) << 2 | c >> 6
    sextets[:, :, 3] = c & 63
    spelt: Bytes = _BASE64[sextets.reshape(rows, 4 * sextets.shape[1])[:, : -(-count * 4 // 3)]]
    return spelt


HEX_PAIRS: Final = np.frombuffer(
    "".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint8
).reshape(256, 2)


def hexadecimal(octets: Bytes) -> Bytes:
    """Two lower-case hexadecimal digits per byte."""
    return HEX_PAIRS[octets].reshape(len(octets), 2 * octets.shape[1])
