"""The timelines that are open: their starts, their errors, and texts as far as memory allows.

Texts are evaluated with the structure. The texts of steps that are no longer needed are dropped
gradually. If the others would take too much memory, the oldest are dropped, too, and evaluated
again when their steps are due. Columns of fields are kept if they were requested once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from eventer.core.errors import TemplateError
from eventer.core.timelines import FAILED, NO_STEPS, Steps
from eventer.plan.timelines.field_columns import CachedColumns, FieldRequest
from eventer.plan.timelines.step_texts import StepTexts, joined_texts
from eventer.plan.timelines.timeline_rows import HeldSteps, TimelineRows, Timelines, step_keys
from eventer.runs.timelines.starts import TimelineStarts

MAX_TEXT_BYTES: Final = 256 << 20
"""Bytes of texts that a process keeps until their steps are due: each generator has a share."""
MAX_READABLE_STEPS: Final = 131_072
"""Steps of which columns can be read that were not asked for before."""
_STEP_BYTES: Final = 24

_OPENED: Final = WeakSet["OpenedTimelines"]()


@dataclass(slots=True, eq=False)
class _Block:
    """Timelines that were opened together; `held` is None if their texts were dropped.

    `steps` are those of which `held` has the texts and that were not released, in order.
    """

    first: int
    last_due: int
    errors: Mapping[int, TemplateError]
    steps: Steps
    held: TimelineRows | HeldSteps | None
    columns: CachedColumns | None
    half_due: int = field(init=False)
    """When about half of the texts are no longer needed."""

    def __post_init__(self) -> None:
        needed = len(self.steps) - (0 if self.held is None else len(self.held.content) // 2)
        self.half_due = int(self.steps.due[min(max(needed, 0), len(self.steps) - 1)])

    @property
    def nbytes(self) -> int:
        """Bytes of memory, except for errors and columns."""
        return 0 if self.held is None else self.held.nbytes + _STEP_BYTES * len(self.steps)

    def texts(self, steps: Steps) -> StepTexts:
        """The texts of steps, which must be held."""
        assert self.held is not None
        return self.held.content.take(self._places(steps))

    def _places(self, steps: Steps) -> NDArray[np.int64]:
        assert self.held is not None
        return self.held.places(steps.index - self.first, steps.step)

    def release(self, due: int, requests: Collection[FieldRequest]) -> None:
        """Drops the texts of steps that are due before an instant, unless most are needed.

        Of the others, these columns are held.
        """
        if self.held is None or due <= self.half_due:
            return
        gone = int(np.searchsorted(self.steps.due, due))
        self.steps = self.steps.take(np.arange(gone, len(self.steps)))
        texts = self.steps.take(self.steps.step != FAILED)
        keys = step_keys(texts.index - self.first, texts.step)
        order = np.argsort(keys)
        places = self._places(texts.take(order))
        content = replace(self.held.content, columns=None).take(places)
        if self.columns is not None:
            self.columns = self.columns.taken(requests, places)
        self.held = HeldSteps(keys[order], replace(content, columns=self.columns))
        self.__post_init__()

    def drop(self) -> None:
        """Drops all texts."""
        self.steps, self.held, self.columns = NO_STEPS, None, None


def _block(first: int, rows: TimelineRows, steps: Steps) -> _Block:
    errors = {first + row: error for row, error in rows.errors.items()}
    columns = rows.content.columns
    cached = None if columns is None else CachedColumns(columns)
    rows = replace(rows, content=replace(rows.content, columns=cached))
    return _Block(first, int(steps.due[-1]), errors, steps, rows, cached)


class OpenedTimelines:
    """Blocks of opened timelines by index."""

    def __init__(self, timelines: Timelines, starts: TimelineStarts) -> None:
        self._timelines = timelines
        self._starts = starts
        self._blocks: list[_Block] = []
        self._requests: frozenset[FieldRequest] = frozenset()
        _OPENED.add(self)

    def add(self, first: int, rows: TimelineRows, steps: Steps) -> None:
        """Adds timelines from `first` on with those of their steps, in order, that are needed."""
        if not len(steps):
            return
        self._blocks.append(_block(first, rows, steps))
        self._hold_columns()
        held = sum(each.nbytes for each in self._blocks)
        share = MAX_TEXT_BYTES // len(_OPENED)
        for each in self._blocks:
            if held <= share:
                break
            held -= each.nbytes
            each.drop()

    def _hold_columns(self) -> None:
        """Releases the columns of the oldest blocks, except for those requested before."""
        requests, readable = self._known_requests(), 0
        for block in reversed(self._blocks):
            readable += len(block.steps)
            if readable > MAX_READABLE_STEPS and block.columns is not None:
                block.columns.hold(requests)

    def _known_requests(self) -> frozenset[FieldRequest]:
        asked = (block.columns.requested for block in self._blocks if block.columns is not None)
        self._requests = self._requests.union(*asked)
        return self._requests

    def release(self, due: int) -> None:
        """Steps that are due before an instant are not asked for again."""
        requests = self._known_requests()
        self._blocks = [block for block in self._blocks if block.last_due >= due]
        for block in self._blocks:
            block.release(due, requests)

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
            if block.held is None:
                dropped.append(places)
                continue
            parts.append(block.texts(steps.take(places)))
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
            inner = found.places(rows[inside] - done, steps.step[inside])
            parts.append(found.content.take(inner))
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


def _reordered(parts: list[StepTexts], places: NDArray[np.int64]) -> StepTexts:
    """The texts of parts, of which row i belongs to places[i]."""
    content = joined_texts(parts)
    if np.all(places[1:] > places[:-1]):
        return content
    order = np.empty(len(places), dtype=np.int64)
    order[places] = np.arange(len(places))
    return content.take(order)
