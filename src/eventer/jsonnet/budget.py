"""The limits of one event: steps, depth, bytes and time.

A step is a function application, a forced value, a list element, a turn of a loop in the standard
library, or a number of characters of a processed text. Long texts are processed in pieces, so that
the clock is checked within a call. Bytes of strings, arrays and objects are charged *before* their
allocation and never returned: they are an upper bound of memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from eventer.core.errors import BudgetError

_STEPS_PER_CLOCK_CHECK: Final = 2_048
"""Steps between two checks of the clock."""

ELEMENT_BYTES: Final = 96
"""Charged for one element of an array or one field of an object."""

_CHARACTERS_READ_PER_STEP: Final = 64
"""Characters that are searched, changed or split in a step."""

_CHARACTERS_COPIED_PER_STEP: Final = 4_096
"""Characters that are copied or compared in a step, at the speed of memory."""

_PIECE_LENGTH: Final = 16_384
"""Characters processed between two charges if each may take as long as a short step."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of one event; None is no limit of `seconds`.

    Seconds are CPU time of the thread, so the load of the machine does not matter.
    """

    steps: int = 2_000_000
    depth: int = 3_000
    bytes: int = 128 << 20
    seconds: float | None = 1.0


class Meter:
    """Counts the steps, depth and bytes of one event.

    The evaluator writes `fuel` and `depth` directly. A body stores the tail call that it ends with
    in `tail`; `contexts` counts all contexts created. Methods raise a `BudgetError` without a
    place; a caller that knows the place adds it.
    """

    __slots__ = (
        "_clock",
        "_deadline",
        "bytes_left",
        "contexts",
        "depth",
        "fuel",
        "limits",
        "reserve",
        "tail",
    )

    def __init__(self, limits: Budget, clock: Callable[[], float] = time.thread_time) -> None:
        self.limits = limits
        self._clock = clock
        self.contexts = 0
        self.tail: Any = None
        self.restart()

    def restart(self) -> None:
        """Begins the count of the next event."""
        seconds = self.limits.seconds
        self._deadline = None if seconds is None else self._clock() + seconds
        self.depth = self.limits.depth
        self.bytes_left: float = self.limits.bytes
        self.fuel = min(_STEPS_PER_CLOCK_CHECK, self.limits.steps)
        self.reserve = self.limits.steps - self.fuel

    def refuel(self) -> None:
        """Takes the next slice of steps once `fuel` is below zero; checks the clock."""
        if self._deadline is not None and self._clock() > self._deadline:
            raise BudgetError(
                f"takes longer than {self.limits.seconds:g} s", hint="simplify the template"
            )
        total = self.reserve + self.fuel
        if total < 0:
            raise BudgetError(
                f"takes more than {self.limits.steps:,} steps", hint="simplify the template"
            )
        self.fuel = min(_STEPS_PER_CLOCK_CHECK, total)
        self.reserve = total - self.fuel

    def charge_steps(self, count: int) -> None:
        """Charges `count` steps."""
        self.fuel -= count
        if self.fuel < 0:
            self.refuel()

    def charge_reading(self, characters: int) -> None:
        """Charges the search, split or change of a text in advance."""
        self.charge_steps(characters // _CHARACTERS_READ_PER_STEP)

    def charge_copying(self, characters: int) -> None:
        """Charges the copy or comparison of a text in advance."""
        self.charge_steps(characters // _CHARACTERS_COPIED_PER_STEP)

    def charged_pieces(self, text: str) -> Iterator[str]:
        """A text in pieces, each charged as read; for work that is slow per character."""
        for start in range(0, len(text), _PIECE_LENGTH):
            piece = text[start : start + _PIECE_LENGTH] if len(text) > _PIECE_LENGTH else text
            self.charge_reading(len(piece))
            yield piece

    def charge_bytes(self, count: float) -> None:
        """Charges `count` bytes in advance."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise BudgetError(
                f"creates more than {self.limits.bytes:,} bytes of strings, arrays and objects",
                hint="simplify the template",
            )

    def charge_elements(self, count: float) -> None:
        """Charges the bytes and steps of an array or object of `count` elements in advance."""
        self.charge_bytes(count * ELEMENT_BYTES)
        self.charge_steps(int(count))

    def charge_element_bytes(self, count: float) -> None:
        """Charges only the bytes of elements; the caller charges a step for each.

        For elements that cost more than a copy: the clock is checked in between.
        """
        self.charge_bytes(count * ELEMENT_BYTES)

    def too_deep(self) -> BudgetError:
        """The error to raise once `depth` is below zero."""
        return BudgetError(
            f"nested more than {self.limits.depth:,} calls deep",
            hint="check that the recursion ends; use tailstrict for loops",
        )
