"""Evaluated timelines: the steps of each, and what is delivered of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import TemplateError
from eventer.core.model import EngineName
from eventer.core.timelines import MAX_STEPS
from eventer.plan.timelines.step_texts import StepTexts, joined_texts

TimelineUnit: TypeAlias = Literal["timeline", "event"]

_ROW_KEYS: Final = MAX_STEPS + 1


@dataclass(frozen=True, slots=True, eq=False)
class TimelineRows:
    """Timelines as rows: row r has the steps [offsets[r], offsets[r + 1]), in the template's order.

    Per step, `after` is the time from the start of its timeline to the step (int64 ns), `place` its
    place in what follows: `to` has the code of its name in `names` (int64), `content` what is
    delivered. `errors` are those of rows that raise; they have no steps.
    """

    offsets: NDArray[np.int64]
    after: NDArray[np.int64]
    place: NDArray[np.int64]
    to: NDArray[np.int64]
    names: tuple[str | None, ...]
    content: StepTexts
    errors: Mapping[int, TemplateError]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of memory, except for columns of fields."""
        return int(self.content.nbytes + 4 * self.after.nbytes)

    def named(self, only: str | None) -> NDArray[np.bool_]:
        """Which steps have a name; all if it is None."""
        if only is None:
            return np.ones(len(self.place), dtype=np.bool_)
        same = np.array([name == only for name in self.names], dtype=np.bool_)
        found: NDArray[np.bool_] = same[self.to[self.place]]
        return found

    def places(self, row: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of steps, given by their rows and numbers."""
        places: NDArray[np.int64] = self.place[self.offsets[row] + step]
        return places


@dataclass(frozen=True, slots=True, eq=False)
class HeldSteps:
    """What is delivered of some steps of timelines; `keys` (ascending) are their rows and numbers.

    Memory does not depend on the number of the other steps.
    """

    keys: NDArray[np.int64]
    content: StepTexts

    @property
    def nbytes(self) -> int:
        """Bytes of memory, except for columns of fields."""
        return int(self.content.nbytes + self.keys.nbytes)

    def places(self, row: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
        """See `TimelineRows.places`."""
        return np.searchsorted(self.keys, step_keys(row, step))


def step_keys(row: NDArray[np.int64], step: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers in the order of rows, and of steps within them."""
    return row * _ROW_KEYS + step


class Timelines(Protocol):
    """Evaluates the timelines of a (template, seed, stream), pure functions of index and start."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""

    @property
    def reason(self) -> str | None:
        """Why the plan does not run the template, with line and column; None if it does."""

    @property
    def unit(self) -> TimelineUnit:
        """What a timeline is for the user: a timeline, or an event that may be late or copied."""

    @property
    def step_names(self) -> frozenset[str | None] | None:
        """The names (`to`) that steps can have; None if that is not known in advance."""

    def evaluate(
        self,
        index: NDArray[np.int64],
        starts: NDArray[np.int64],
        deadline_ns: int | None = None,
    ) -> TimelineRows:
        """The timelines of these indices that start at these times (ns since 1970), in this order.

        There may be fewer, but at least one: evaluation ends when `deadline_ns` of the monotonic
        clock passes, or early if they need much memory.
        """


@dataclass(frozen=True, slots=True, eq=False)
class StepColumns:
    """Some steps of several rows, in any order; see `TimelineRows`."""

    row: NDArray[np.int64]
    step: NDArray[np.int64]
    after: NDArray[np.int64]
    to: NDArray[np.int64]
    names: tuple[str | None, ...]
    content: StepTexts

    def of_rows_below(self, count: int) -> StepColumns:
        """The steps of the rows [0, count)."""
        kept = self.row < count
        return self if kept.all() else self.take(np.flatnonzero(kept))

    def take(self, kept: NDArray[np.int64]) -> StepColumns:
        """Some of the steps."""
        return StepColumns(
            self.row[kept],
            self.step[kept],
            self.after[kept],
            self.to[kept],
            self.names,
            self.content.take(kept),
        )


def timeline_rows(
    count: int, parts: Sequence[StepColumns], errors: Mapping[int, TemplateError]
) -> TimelineRows:
    """The steps of `count` rows from the parts that have them."""
    steps = _joined(parts)
    offsets = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(steps.row, minlength=count), out=offsets[1:])
    place = np.argsort(step_keys(steps.row, steps.step), kind="stable")
    return TimelineRows(
        offsets, steps.after[place], place, steps.to, steps.names, steps.content, errors
    )


def _joined(parts: Sequence[StepColumns]) -> StepColumns:
    parts = [part for part in parts if len(part.row)]
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, np.int64)
    parts = parts or [StepColumns(none, none, none, none, (), joined_texts(()))]
    firsts = accumulate((len(part.names) for part in parts[:-1]), initial=0)
    return StepColumns(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.to + first for part, first in zip(parts, firsts, strict=True)]),
        tuple(name for part in parts for name in part.names),
        joined_texts([part.content for part in parts]),
    )
