"""Where the texts of a batch say again what others of them say: what compresses need not search."""

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
    """Marks in the texts of rows: text that has the same identity is the same.

    Row r has `marks[ends[r]:ends[r + 1]]`, a uint32 each: `identity << 16 | gap`. The text it marks
    begins `gap` bytes behind the end of what the mark before it marks, or behind the row's begin,
    and has `lengths[identity]` bytes. It also begins as all do whose `prefix_identities` are the same, itself
    an identity, or below zero. Not all that is said again needs to be marked.
    """

    marks: NDArray[np.uint32]
    ends: NDArray[np.int64]
    lengths: NDArray[np.int64]
    prefix_identities: NDArray[np.int64]

    def cut(self, start: int, stop: int) -> MatchHints:
        """Those of the rows [start, stop)."""
        return replace(self, ends=self.ends[start : stop + 1])
