"""Timelines by the interpreter: one timeline at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.errors import BudgetError, EvaluationError, TemplateError
from eventer.core.json_text import json_text
from eventer.core.model import WHOLE_EVENT, EngineName, WrittenPart
from eventer.core.written_part import written_value
from eventer.functions.row_reader import RowReader
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.plan.timelines.step_places import step_place
from eventer.plan.timelines.step_values import StepValue, read_steps
from eventer.plan.timelines.timeline_rows import StepColumns, TimelineRows, timeline_rows


class InterpretedTimelines:
    """Evaluates a template once per timeline; it defines the meaning of a template.

    Not thread-safe.
    """

    name: EngineName = "interpreter"
    step_names: frozenset[str | None] | None = None

    def __init__(
        self,
        interpreter: Interpreter,
        reader: RowReader,
        root_key: int,
        reason: str,
        horizon: int,
        *,
        part: WrittenPart = WHOLE_EVENT,
    ) -> None:
        self._interpreter = interpreter
        self._reader = reader
        self._root_key = root_key
        self._horizon = horizon
        self._part = part
        self.reason = reason

    def evaluate(
        self,
        index: NDArray[np.int64],
        starts: NDArray[np.int64],
        deadline_ns: int | None = None,
    ) -> TimelineRows:
        """See `Timelines.evaluate`."""
        steps: list[tuple[int, int, StepValue]] = []
        errors: dict[int, TemplateError] = {}
        row = 0
        for row, number in enumerate(self._rows(index, starts)):
            try:
                found = self._steps(number)
            except (EvaluationError, BudgetError) as error:
                error.index = number
                errors[row] = error
            else:
                steps += [(row, position, step) for position, step in enumerate(found)]
            if deadline_ns is not None and time.monotonic_ns() >= deadline_ns:
                break
        return timeline_rows(row + 1, [self._columns(steps)], errors)

    def _rows(self, index: NDArray[np.int64], starts: NDArray[np.int64]) -> Iterator[int]:
        """The indices, each when the reader is at its row: consecutive ones share a window."""
        for rows in np.split(np.arange(len(index)), np.flatnonzero(np.diff(index) != 1) + 1):
            first = int(index[rows[0]])
            self._reader.window(first, starts[rows])
            for row in range(len(rows)):
                self._reader.row = row
                yield first + row

    def _steps(self, index: int) -> list[StepValue]:
        event, timeline = self._interpreter.evaluate(self._root_key)
        return read_steps(event.value, index, self._horizon, partial(step_place, timeline))

    def _columns(self, steps: list[tuple[int, int, StepValue]]) -> StepColumns:
        events = pa.array([json_text(s.event).encode() for _, _, s in steps], pa.large_binary())
        texts = events
        if not self._part.is_whole:
            parts = [json_text(written_value(s.event, self._part)).encode() for _, _, s in steps]
            texts = pa.array(parts, pa.large_binary())
        names = {step.to: None for _, _, step in steps}
        codes = {name: code for code, name in enumerate(names)}
        return StepColumns(
            np.array([row for row, _, _ in steps], dtype=np.int64),
            np.array([position for _, position, _ in steps], dtype=np.int64),
            np.array([step.after for _, _, step in steps], dtype=np.int64),
            np.array([codes[step.to] for _, _, step in steps], dtype=np.int64),
            tuple(names),
            texts,
            events,
        )
