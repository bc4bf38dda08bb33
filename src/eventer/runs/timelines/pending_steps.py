"""Steps that wait for their time: 24 bytes each."""

from __future__ import annotations

from typing import Final

import numpy as np

from eventer.core.timelines import NO_STEPS, Steps, in_order

_COPY_BELOW: Final = 0.5
"""The share of a run that is left when it is copied, so that the memory of the rest is freed."""


class _Run:
    """Steps in order, of which the first have been taken."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self._allocated = len(steps)

    def take(self, until: int) -> Steps:
        """Takes the steps that are due by an instant."""
        count = self.steps.count_due(until)
        taken, rest = self.steps.cut(0, count), self.steps.cut(count, len(self.steps))
        if len(rest) < self._allocated * _COPY_BELOW:
            rest = rest.take(np.arange(len(rest)))
            self._allocated = len(rest)
        self.steps = rest
        return taken


class PendingSteps:
    """Steps in sorted runs, of which each is at least as long as all younger ones together.

    So adding and taking n steps takes time in proportion to n·log(n), and merging moves every step
    only a few times.
    """

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(run.steps) for run in self._runs)

    @property
    def first_due(self) -> int | None:
        """When the first step is due."""
        return min((int(run.steps.due[0]) for run in self._runs), default=None)

    def add(self, steps: Steps) -> None:
        """Adds steps in order, whose timelines have higher indices than all that were added."""
        if not len(steps):
            return
        runs = self._runs
        runs.append(_Run(steps))
        while len(runs) > 1 and len(runs[-2].steps) < 2 * len(runs[-1].steps):
            younger, older = runs.pop(), runs.pop()
            runs.append(_Run(_merged(older.steps, younger.steps)))

    def take(self, until: int) -> Steps:
        """Takes the steps that are due by an instant, in order."""
        parts = [run.take(until) for run in self._runs]
        self._runs = [run for run in self._runs if len(run.steps)]
        parts = [part for part in parts if len(part)]
        return in_order(parts) if parts else NO_STEPS


def _merged(older: Steps, younger: Steps) -> Steps:
    """The steps of two runs; with equal due times those of the older run come first."""
    places = np.searchsorted(older.due, younger.due, side="right") + np.arange(len(younger))
    is_older = np.ones(len(older) + len(younger), dtype=np.bool_)
    is_older[places] = False
    columns = []
    for old, young in (
        (older.due, younger.due),
        (older.index, younger.index),
        (older.step, younger.step),
    ):
        column = np.empty(len(is_older), dtype=np.int64)
        column[is_older], column[places] = old, young
        columns.append(column)
    return Steps(*columns)
