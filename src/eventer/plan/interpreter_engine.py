"""The interpreter as an engine: it generates one event at a time."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, Batch
from eventer.core.errors import BudgetError, EvaluationError
from eventer.core.json_text import json_text
from eventer.core.model import WHOLE_EVENT, EngineName, JsonValue, WrittenPart
from eventer.core.written_part import written_value
from eventer.functions.row_reader import RowReader
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.plan.engine import ScheduledTimes
from eventer.plan.json_fields import JsonFields


class InterpreterEngine:
    """Evaluates a template once per event; it defines the meaning of a template."""

    name: EngineName = "interpreter"

    def __init__(
        self,
        interpreter: Interpreter,
        reader: RowReader,
        root_key: int,
        reason: str,
        max_event_bytes: int = MAX_EVENT_BYTES,
        *,
        part: WrittenPart = WHOLE_EVENT,
    ) -> None:
        self._interpreter = interpreter
        self._reader = reader
        self._root_key = root_key
        self._max_event_bytes = max_event_bytes
        self._part = part
        self.reason = reason

    def generate(
        self,
        first: int,
        scheduled: NDArray[np.int64],
        deadline_ns: int | None = None,
        later: ScheduledTimes | None = None,
    ) -> Batch:
        """See `eventer.plan.engine.Engine.generate`."""
        del later
        self._reader.window(first, scheduled)
        texts: list[bytes] = []
        values: list[JsonValue] = []
        size = 0
        for row in range(len(scheduled)):
            try:
                text, value, event_bytes = self._event(first + row, row)
            except (EvaluationError, BudgetError) as error:
                if row == 0:
                    error.index = first
                    raise
                break
            texts.append(text)
            values.append(value)
            size += event_bytes
            if size >= MAX_BYTES or _is_past(deadline_ns):
                break
        batch = _batch(first, scheduled, texts, values, self._part)
        return batch if self._part.is_whole else replace(batch, event_bytes=size)

    def _event(self, index: int, row: int) -> tuple[bytes, JsonValue, int]:
        """The text of the written part, the value, and the bytes of text of the whole event."""
        self._reader.row = row
        event = self._interpreter.event(self._root_key)
        whole = text = event.text.encode()
        if not self._part.is_whole:
            text = json_text(written_value(event.value, self._part)).encode()
        if len(text) > self._max_event_bytes:
            raise BudgetError(
                f"event {index} has {len(text):,} bytes, more than {self._max_event_bytes:,}"
            )
        return text, event.value, len(whole)


def _is_past(deadline_ns: int | None) -> bool:
    return deadline_ns is not None and time.monotonic_ns() >= deadline_ns


def _batch(
    first: int,
    scheduled: NDArray[np.int64],
    texts: list[bytes],
    values: list[JsonValue],
    part: WrittenPart,
) -> Batch:
    index = np.arange(first, first + len(texts), dtype=np.int64)
    fields = JsonFields(values, index)
    return Batch(
        first=first,
        count=len(texts),
        index=index,
        scheduled=scheduled[: len(texts)],
        text=pa.array(texts, type=pa.large_binary()),
        fields=fields,
        part_fields=None if part.is_whole else fields.of_part(part),
    )


def empty_batch(first: int, count: int = 1) -> Batch:
    """A batch without events that covers indices."""
    none = np.empty(0, dtype=np.int64)
    empty = pa.array([], type=pa.large_binary())
    return Batch(none, none, empty, JsonFields([], none), first=first, count=count)
