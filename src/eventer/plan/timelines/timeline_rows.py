"""Evaluated timelines: the steps of each, and the texts of their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import TemplateError
from eventer.core.model import EngineName
from eventer.core.timelines import MAX_STEPS

_ROW_KEYS: Final = MAX_STEPS + 1


@dataclass(frozen=True, slots=True, eq=False)
class TimelineRows:
    """Timelines as rows: row r has the steps [offsets[r], offsets[r + 1]), in the template's order.

    Per step, `after` is the time from the start of its timeline to the step (int64 ns), `place` its
    place in the arrays that follow: `to` has the code of its name in `names` (int64), `texts` the
    JSON of the written part of its event and `events` that of the whole event (large_binary).
    `errors` are those of rows that raise; they have no steps.
    """

    offsets: NDArray[np.int64]
    after: NDArray[np.int64]
    place: NDArray[np.int64]
    to: NDArray[np.int64]
    names: tuple[str | None, ...]
    texts: pa.LargeBinaryArray
    events: pa.LargeBinaryArray
    errors: Mapping[int, TemplateError]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        whole = 0 if self.events is self.texts else self.events.nbytes
        return int(self.texts.nbytes + whole + 4 * self.after.nbytes)

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

    def holding(self, row: NDArray[np.int64], step: NDArray[np.int64]) -> TimelineRows:
        """The same timelines with the texts of some steps only, given by their rows and numbers."""
        kept = self.places(row, step)
        places = pa.array(kept)
        place = np.full(len(self.place), -1, dtype=np.int64)
        place[self.offsets[row] + step] = np.arange(len(kept))
        texts = self.texts.take(places)
        events = texts if self.events is self.texts else self.events.take(places)
        return replace(self, place=place, to=self.to[kept], texts=texts, events=events)


class Timelines(Protocol):
    """Evaluates the timelines of a (template, seed, stream), pure functions of index and start."""

    @property
    def name(self) -> EngineName:
        """The name of the engine."""

    @property
    def reason(self) -> str | None:
        """Why the plan does not run the template, with line and column; None if it does."""

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
    texts: pa.LargeBinaryArray
    events: pa.LargeBinaryArray

    def of_rows_below(self, count: int) -> StepColumns:
        """The steps of the rows [0, count)."""
        kept = self.row < count
        return self if kept.all() else self.take(np.flatnonzero(kept))

    def take(self, kept: NDArray[np.int64]) -> StepColumns:
        """Some of the steps."""
        places = pa.array(kept)
        texts = self.texts.take(places)
        same = self.events is self.texts
        return StepColumns(
            self.row[kept],
            self.step[kept],
            self.after[kept],
            self.to[kept],
            self.names,
            texts,
            texts if same else self.events.take(places),
        )


NO_TEXTS: Final = pa.array([], pa.large_binary())


def timeline_rows(
    count: int, parts: Sequence[StepColumns], errors: Mapping[int, TemplateError]
) -> TimelineRows:
    """The steps of `count` rows from the parts that have them."""
    steps = _joined(parts)
    offsets = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(steps.row, minlength=count), out=offsets[1:])
    keys = steps.row * _ROW_KEYS + steps.step
    place = np.argsort(keys, kind="stable")
    return TimelineRows(
        offsets, steps.after[place], place, steps.to, steps.names, steps.texts, steps.events, errors
    )


def _joined(parts: Sequence[StepColumns]) -> StepColumns:
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, np.int64)
    parts = parts or (StepColumns(none, none, none, none, (), NO_TEXTS, NO_TEXTS),)
    firsts = accumulate((len(part.names) for part in parts[:-1]), initial=0)
    texts = pa.concat_arrays([part.texts for part in parts])
    same = all(part.events is part.texts for part in parts)
    return StepColumns(
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.after for part in parts]),
        np.concatenate([part.to + first for part, first in zip(parts, firsts, strict=True)]),
        tuple(name for part in parts for name in part.names),
        texts,
        texts if same else pa.concat_arrays([part.events for part in parts]),
    )
