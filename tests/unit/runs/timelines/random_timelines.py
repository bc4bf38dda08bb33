"""Timelines that are drawn from their index, and all their steps in order, by sorting them."""

import random

import numpy as np
import pyarrow as pa

from eventer.core.errors import EvaluationError
from eventer.core.timelines import FAILED
from eventer.plan.timelines.step_texts import StepTexts
from eventer.plan.timelines.timeline_rows import StepColumns, timeline_rows
from eventer.runs.timelines.starts import TimelineStarts

T0 = 10**18
HORIZON = 40
NAMES = ("a", "b", None)


class RandomTimelines:
    """Timelines drawn from their index: some are empty, some raise, many steps are due together.

    Evaluates at most `most` at a time.
    """

    name = "plan"
    reason = None
    unit = "timeline"

    def __init__(self, most=1 << 30):
        self.most = most
        self.evaluated = 0
        self.evaluations = 0

    def steps(self, index):
        """`after` and `to` of each step; None if the timeline raises."""
        rng = random.Random(index)
        if rng.random() < 0.1:
            return None
        return [(rng.randint(0, HORIZON), rng.choice(NAMES)) for _ in range(rng.randint(0, 6))]

    def evaluate(self, index, starts, deadline_ns=None):
        count = min(self.most, len(index))
        self.evaluated += count
        self.evaluations += 1
        cells, errors = [], {}
        for row, number in enumerate(index[:count].tolist()):
            assert starts[row] == start_of(number)
            steps = self.steps(number)
            if steps is None:
                errors[row] = EvaluationError(f"timeline {number}")
                errors[row].index = number
            for step, (after, to) in enumerate(steps or ()):
                cells.append((row, step, after, to, f"{number}.{step}".encode()))
        random.Random(count).shuffle(cells)
        columns = [list(column) for column in zip(*cells, strict=True)] or [[]] * 5
        numbers = [np.array(column, dtype=np.int64) for column in columns[:3]]
        texts = pa.array(columns[4], pa.large_binary())
        codes = np.array([NAMES.index(name) for name in columns[3]], dtype=np.int64)
        part = StepColumns(*numbers, codes, NAMES, StepTexts(texts, texts))
        return timeline_rows(count, [part], errors)


def start_of(index):
    return T0 + index // 3 * 2


class Starts:
    """Three timelines start together, every two nanoseconds."""

    limit = 200

    def due_at(self, index):
        return start_of(index)

    def due_end(self, now):
        return max(0, (now - T0) // 2 * 3 + 3)

    def scheduled(self, first, count):
        return np.array([start_of(first + each) for each in range(count)], dtype=np.int64)


def starts(limit=200):
    return TimelineStarts(Starts(), limit)


def expected(limit=200, only=None):
    """All steps in order, by sorting them."""
    found = []
    for index in range(limit):
        steps = RandomTimelines().steps(index)
        if steps is None:
            found.append((start_of(index), index, FAILED))
        for number, (after, to) in enumerate(steps or ()):
            if only is None or to == only:
                found.append((start_of(index) + after, index, number))
    return sorted(found)


def listed(steps):
    return list(zip(steps.due.tolist(), steps.index.tolist(), steps.step.tolist(), strict=True))
