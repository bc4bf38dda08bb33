"""The events of a generator that others may refer to, by their bindings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.core.bindings import Binding, ReferencePath
from eventer.core.clock import NS_PER_SECOND
from eventer.core.limits import MAX_POPULATION
from eventer.runs.pacing import END, Pace

REFERENCE_DELAY_NS: Final = NS_PER_SECOND
"""The time from when an event is due until others can refer to it: usually it is committed then."""
NOTHING: Final = 0
"""A gate before all events."""
_MOST_TIMES_PER_ROW: Final = 64
"""How many due times per row are computed at once, at most, to search them for an index."""

Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BoundEvents:
    """The events of a binding, and when they are due."""

    pace: Pace
    end: int | None

    @classmethod
    def of(cls, binding: Binding) -> BoundEvents:
        """The events of a binding."""
        return cls(Pace(binding.segments), binding.end)

    def counts(self, times: Rows) -> Rows:
        """How many exist for events that are due at these times: at least one."""
        due = self.pace.all_due_ends(times - REFERENCE_DELAY_NS, MAX_POPULATION)
        if due is None:
            due = _in_order(lambda each: _due_ends(self.pace, each), times - REFERENCE_DELAY_NS)
        most = MAX_POPULATION if self.end is None else self.end
        return np.clip(due, 1, max(most, 1))

    def due_times(self, index: Rows) -> Rows:
        """When the events with these indices are due."""
        due = self.pace.all_due(index)
        return (
            _in_order(lambda each: _due_times(self.pace.scheduled, each), index)
            if due is None
            else due
        )

    def gate(self, committed: int) -> int:
        """The instant (ns) before which events can refer to these, if `committed` are committed.

        An event that is due earlier finds all events committed that exist for it.
        """
        if committed < 1:
            return NOTHING
        if self.end is not None and committed >= self.end:
            return END
        due = self.pace.next_due(committed)
        return END if due is None else min(due + REFERENCE_DELAY_NS, END)


class BoundPopulation:
    """`eventer.functions.populations.Population` of the bindings of one path, in their order."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        self._first, self._events = [], []
        for binding in _valid(bindings):
            self._first.append(binding.first)
            self._events.append(BoundEvents.of(binding))

    def counts(self, readers: Rows, scheduled: Rows) -> Rows:
        """See `Population.counts`."""
        return self._by_binding(readers, scheduled, BoundEvents.counts)

    def due_times(self, readers: Rows, index: Rows) -> Rows:
        """See `Population.due_times`."""
        return self._by_binding(readers, index, BoundEvents.due_times)

    def _by_binding(
        self, readers: Rows, values: Rows, compute: Callable[[BoundEvents, Rows], Rows]
    ) -> Rows:
        if len(self._events) == 1:
            return compute(self._events[0], values)
        numbers = np.searchsorted(self._first[1:], readers, side="right")
        found = np.empty(len(values), dtype=np.int64)
        for number in np.unique(numbers).tolist():
            rows = numbers == number
            found[rows] = compute(self._events[number], values[rows])
        return found


@dataclass(frozen=True, slots=True)
class ScheduledEvents:
    """The events of a stream itself: `scheduled` says when [first, first + count) are due."""

    scheduled: Callable[[int, int], Rows]

    def counts(self, readers: Rows, scheduled: Rows) -> Rows:
        """See `Population.counts`: the events before."""
        del scheduled
        return readers

    def due_times(self, readers: Rows, index: Rows) -> Rows:
        """See `Population.due_times`."""
        del readers
        return _in_order(lambda each: _due_times(self.scheduled, each), index)


def own_populations(
    own_name: str, scheduled: Callable[[int, int], Rows]
) -> Mapping[ReferencePath, ScheduledEvents]:
    """The events to which a template refers under its own name; see `ScheduledEvents`."""
    return {(own_name,): ScheduledEvents(scheduled)} if own_name else {}


def bound_populations(bindings: Iterable[Binding]) -> Mapping[ReferencePath, BoundPopulation]:
    """The populations of a generator by the references that lead to them."""
    by_path: dict[ReferencePath, list[Binding]] = {}
    for binding in bindings:
        by_path.setdefault(binding.path, []).append(binding)
    return {path: BoundPopulation(each) for path, each in by_path.items()}


def _valid(bindings: Sequence[Binding]) -> Sequence[Binding]:
    """The bindings that hold for some index, by their first one."""
    valid: list[Binding] = []
    for binding in reversed(bindings):
        if not valid or binding.first < valid[-1].first:
            valid.append(binding)
    return valid[::-1]


def _in_order(compute: Callable[[Rows], Rows], values: Rows) -> Rows:
    """The results of `compute`, which takes ascending values, for values in any order."""
    if not len(values) or bool((values[1:] >= values[:-1]).all()):
        return compute(values) if len(values) else values
    distinct, rows = np.unique(values, return_inverse=True)
    return compute(distinct)[rows]


def _due_ends(pace: Pace, times: Rows) -> Rows:
    """The first index that is not due at each of these ascending times."""
    first, end = (min(pace.due_end(int(time)), MAX_POPULATION) for time in (times[0], times[-1]))
    if first == end:
        return np.full(len(times), first, dtype=np.int64)
    if end - first <= _MOST_TIMES_PER_ROW * len(times):
        due = pace.scheduled(first, end - first)
        ends: Rows = first + np.searchsorted(due, times, side="right")
        return ends
    middle = len(times) // 2
    return np.concatenate([_due_ends(pace, times[:middle]), _due_ends(pace, times[middle:])])


def _due_times(scheduled: Callable[[int, int], Rows], index: Rows) -> Rows:
    """When these ascending indices are due."""
    first, last = int(index[0]), int(index[-1])
    if last - first <= _MOST_TIMES_PER_ROW * len(index):
        return scheduled(first, last + 1 - first)[index - first]
    middle = len(index) // 2
    halves = index[:middle], index[middle:]
    return np.concatenate([_due_times(scheduled, each) for each in halves])
