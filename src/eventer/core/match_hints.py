"""Locations of repeated text in a batch, so that a compressor need not search for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_IDENTITIES: Final = 1 << 16
MAX_MARK_GAP: Final = (1 << 16) - 1
MAX_MARK_LENGTH: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class MatchHints:
    """Marks in the texts of rows: marked texts with the same identity are equal.

    Row r has the marks `marks[ends[r]:ends[r + 1]]`, a uint32 each: `identity << 16 | gap`. A
    marked text starts `gap` bytes after the end of the previous marked text, or after the start of
    the row, and has `lengths[identity]` bytes. Texts with equal `prefix_identities` (themselves
    identities, or negative for none) have a common prefix. Repeated text may be unmarked.
    """

    marks: NDArray[np.uint32]
    ends: NDArray[np.int64]
    lengths: NDArray[np.int64]
    prefix_identities: NDArray[np.int64]

    def cut(self, start: int, stop: int) -> MatchHints:
        """The hints of the rows [start, stop)."""
        return replace(self, ends=self.ends[start : stop + 1])
