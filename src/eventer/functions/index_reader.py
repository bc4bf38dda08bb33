"""The functions for the interpreter at any index: for events that other events refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from eventer.core.errors import EvaluationError
from eventer.core.model import EventContext, GrowingPopulation, JsonValue
from eventer.functions.row_reader import EventsByIndex, RowReader, bound_call
from eventer.functions.spec import FieldSpec, FunctionSpec, RowContext


class IndexReader(RowReader):
    """The natives of a stream that is referred to, at the event `index`.

    `due` is when the event is due; it is None in a stream without a schedule. Neighbouring events
    are seldom read together, so values are computed one by one.
    """

    def __init__(self, context: EventContext, references: Mapping[str, EventsByIndex]) -> None:
        super().__init__(
            dataset=context.dataset, instance_id=context.instance_id, references=references
        )
        self.index = 0
        self.due: Callable[[], int] | None = None
        self._context_of_stream = context

    def read(
        self,
        read_key: tuple[Any, ...],
        source: FunctionSpec | FieldSpec,
        arguments: Sequence[JsonValue],
    ) -> JsonValue:
        """See `RowReader.read`."""
        call = bound_call(source, arguments)
        context = self.context()
        if call.time_dependent or (isinstance(source, FunctionSpec) and source.time_dependent):
            context = self._timed_context(source.name)
        return call.row(read_key[1], context)

    def context(self) -> RowContext:
        """See `RowReader.context`; without the time."""
        context = self._context_of_stream
        return RowContext(self.index, 0, context.dataset, context.instance_id)

    def referring_context(self, function: str, events: EventsByIndex) -> RowContext:
        """See `RowReader.referring_context`."""
        grows = isinstance(events.population, GrowingPopulation)
        return self._timed_context(function) if grows else self.context()

    def _timed_context(self, function: str) -> RowContext:
        if self.due is None:
            raise time_read_error(function)
        return replace(self.context(), scheduled=self.due())


def time_read_error(function: str) -> EvaluationError:
    """The error of a function that reads the time in a stream without a schedule."""
    return EvaluationError(
        f"{function} reads the scheduled time, which an event without a schedule does not have",
        hint="use fixed times in events that others refer to, such as "
        "get_timestamp('2024-01-01', '2025-01-01', '1s')",
    )
