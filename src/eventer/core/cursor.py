"""Places in the order of the steps of all timelines of a generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FAILED: Final = -1
"""The number of the step in place of a timeline that raises: it has no other steps."""


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the order of the steps: that of the first step that is still to come."""

    due: int
    index: int
    step: int

    @property
    def after(self) -> Cursor:
        """The place after the step that is here."""
        return Cursor(self.due, self.index, self.step + 1)

    @property
    def values(self) -> tuple[int, int, int]:
        """The cursor as it is stored."""
        return self.due, self.index, self.step


def read_cursor(values: Sequence[int] | None) -> Cursor | None:
    """The cursor with these `values`, if there is one.

    Raises:
        ValueError, TypeError: they are not those of a cursor.
    """
    if values is None:
        return None
    due, index, step = map(int, values)
    return Cursor(due, index, step)


BEGIN: Final = Cursor(-(1 << 63), 0, FAILED)
"""Before all steps."""
