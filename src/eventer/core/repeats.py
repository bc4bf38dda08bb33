"""Where the texts of a batch say again what others of them say: what compresses need not search."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_IDENTITIES: Final = 1 << 16
LONGEST_GAP: Final = (1 << 16) - 1
LONGEST_LENGTH: Final = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Marks in the texts of rows: text that has the same identity is the same.

    Row r has `marks[ends[r]:ends[r + 1]]`, a uint32 each: `identity << 16 | gap`. The text it marks
    begins `gap` bytes behind the end of what the mark before it marks, or behind the row's begin,
    and has `lengths[identity]` bytes. It also begins as all do whose `likes` are the same, itself
    an identity, or below zero. Not all that is said again needs to be marked.
    """

    marks: NDArray[np.uint32]
    ends: NDArray[np.int64]
    lengths: NDArray[np.int64]
    likes: NDArray[np.int64]

    def cut(self, start: int, stop: int) -> Repeats:
        """Those of the rows [start, stop)."""
        return replace(self, ends=self.ends[start : stop + 1])
