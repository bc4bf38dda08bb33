"""The timelines that are open: their starts, their errors, and texts as far as memory allows.

Texts are evaluated with the structure. Those of steps that are no longer asked for are dropped by
and by. Where the others would take too much memory they are dropped, too, the oldest first, and
evaluated again when their steps are due.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakSet

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import TemplateError
from eventer.core.timelines import FAILED, NO_STEPS, Steps
from eventer.plan.timelines.timeline_rows import TimelineRows, Timelines
from eventer.runs.timelines.starts import TimelineStarts

MAX_TEXT_BYTES: Final = 256 << 20
"""Bytes of texts that a process keeps until their steps are due: each generator has a share."""
_STEP_BYTES: Final = 24


_OPENED: Final = WeakSet["OpenedTimelines"]()


@dataclass(frozen=True, slots=True, eq=False)
class StepTexts:
    """The texts of steps: of the written part of each event, and of the whole event."""

    texts: pa.LargeBinaryArray
    events: pa.LargeBinaryArray

    def cut(self, stop: int) -> StepTexts:
        """The texts of the first steps."""
        texts = self.texts[:stop]
        return StepTexts(texts, texts if self.events is self.texts else self.events[:stop])


@dataclass(slots=True, eq=False)
class _Block:
    """Timelines that were opened together; `rows` is None if they were dropped.

    `steps` are those of which `rows` has the texts and that were not released, in order.
    """

    first: int
    last_due: int
    errors: Mapping[int, TemplateError]
    steps: Steps
    rows: TimelineRows | None
    half_due: int = field(init=False)
    """When about half of the texts are no longer needed."""

    def __post_init__(self) -> None:
        needed = len(self.steps) - (0 if self.rows is None else len(self.rows.texts) // 2)
        self.half_due = int(self.steps.due[min(max(needed, 0), len(self.steps) - 1)])

    @property
    def nbytes(self) -> int:
        """Bytes of memory, except for errors."""
        return 0 if self.rows is None else self.rows.nbytes + _STEP_BYTES * len(self.steps)

    def release(self, due: int) -> None:
        """Drops the texts of steps that are due before an instant, unless most are needed."""
        if self.rows is None or due <= self.half_due:
            return
        gone = int(np.searchsorted(self.steps.due, due))
        self.steps = self.steps.take(np.arange(gone, len(self.steps)))
        texts = self.steps.take(self.steps.step != FAILED)
        self.rows = self.rows.holding(texts.index - self.first, texts.step)
        self.__post_init__()

    def drop(self) -> None:
        """Drops all texts."""
        self.steps, self.rows = NO_STEPS, None


class OpenedTimelines:
    """Blocks of opened timelines by index."""

    def __init__(self, timelines: Timelines, starts: TimelineStarts) -> None:
        self._timelines = timelines
        self._starts = starts
        self._blocks: list[_Block] = []
        _OPENED.add(self)

    def add(self, first: int, rows: TimelineRows, steps: Steps) -> None:
        """Adds timelines from `first` on with those of their steps, in order, that are needed."""
        if not len(steps):
            return
        errors = {first + row: error for row, error in rows.errors.items()}
        self._blocks.append(_Block(first, int(steps.due[-1]), errors, steps, rows))
        held = sum(each.nbytes for each in self._blocks)
        share = MAX_TEXT_BYTES // len(_OPENED)
        for each in self._blocks:
            if held <= share:
                break
            held -= each.nbytes
            each.drop()

    def release(self, due: int) -> None:
        """Steps that are due before an instant are not asked for again."""
        self._blocks = [block for block in self._blocks if block.last_due >= due]
        for block in self._blocks:
            block.release(due)

    def error(self, index: int) -> TemplateError:
        """The error of a timeline."""
        firsts = [block.first for block in self._blocks]
        return self._blocks[bisect_right(firsts, index) - 1].errors[index]

    def texts(self, steps: Steps) -> StepTexts:
        """The texts of steps of opened timelines."""
        firsts = np.array([block.first for block in self._blocks])
        numbers = np.searchsorted(firsts, steps.index, side="right") - 1
        order = np.argsort(numbers, kind="stable")
        parts: list[StepTexts] = []
        dropped: list[NDArray[np.int64]] = []
        taken: list[NDArray[np.int64]] = []
        bounds = np.flatnonzero(np.diff(numbers[order])) + 1
        for places in np.split(order, bounds):
            block = self._blocks[int(numbers[places[0]])]
            if block.rows is None:
                dropped.append(places)
                continue
            parts.append(
                _texts_of(block.rows, steps.index[places] - block.first, steps.step[places])
            )
            taken.append(places)
        if dropped:
            places = np.concatenate(dropped)
            parts.append(self._evaluated(steps.take(places)))
            taken.append(places)
        return _reordered(parts, np.concatenate(taken))

    def _evaluated(self, steps: Steps) -> StepTexts:
        """The texts of steps whose timelines are evaluated again, each once."""
        index, rows = np.unique(steps.index, return_inverse=True)
        starts = self._times(index)
        parts: list[StepTexts] = []
        places: list[NDArray[np.int64]] = []
        done = 0
        while done < len(index):
            found = self._timelines.evaluate(index[done:], starts[done:])
            inside = np.flatnonzero((rows >= done) & (rows < done + len(found)))
            parts.append(_texts_of(found, rows[inside] - done, steps.step[inside]))
            places.append(inside)
            done += len(found)
        return _reordered(parts, np.concatenate(places))

    def _times(self, index: NDArray[np.int64]) -> NDArray[np.int64]:
        """The starts of timelines in ascending order, of each block at once."""
        times = np.empty(len(index), dtype=np.int64)
        firsts = np.array([block.first for block in self._blocks])
        numbers = np.searchsorted(firsts, index, side="right") - 1
        for number in np.unique(numbers).tolist():
            inside = numbers == number
            first, last = int(index[inside][0]), int(index[inside][-1])
            times[inside] = self._starts.times(first, last - first + 1)[index[inside] - first]
        return times


def _texts_of(found: TimelineRows, rows: NDArray[np.int64], step: NDArray[np.int64]) -> StepTexts:
    places = pa.array(found.places(rows, step))
    texts = found.texts.take(places)
    whole = found.events is found.texts
    return StepTexts(texts, texts if whole else found.events.take(places))


def _reordered(parts: list[StepTexts], places: NDArray[np.int64]) -> StepTexts:
    """The texts of parts, of which row i belongs to places[i]."""
    whole = all(part.events is part.texts for part in parts)
    texts = pa.concat_arrays([part.texts for part in parts])
    events = texts if whole else pa.concat_arrays([part.events for part in parts])
    if np.all(places[1:] > places[:-1]):
        return StepTexts(texts, events)
    order = np.empty(len(places), dtype=np.int64)
    order[places] = np.arange(len(places))
    texts = texts.take(pa.array(order))
    return StepTexts(texts, texts if whole else events.take(pa.array(order)))
