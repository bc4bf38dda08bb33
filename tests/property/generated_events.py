"""Events or errors of an engine by index, for comparisons."""

import numpy as np

from eventer.core.errors import BudgetError, EvaluationError

START = 1_767_225_600_000_000_000


def scheduled_times(first, count):
    return START + np.arange(first, first + count, dtype=np.int64) * 1_000_000_000


def outcome(error):
    location = error.place
    line_and_column = (location.line, location.column) if location is not None else None
    return (type(error).__name__, error.message, line_and_column)


def events_of(engine, first, sizes):
    """Generates ranges of `sizes`: events or errors by index, and the batches."""
    events, batches = {}, []
    for size in sizes:
        index, stop = first, first + size
        while index < stop:
            try:
                batch = engine.generate(index, scheduled_times(index, stop - index))
            except (EvaluationError, BudgetError) as error:
                events[index], index = (error.index - index, outcome(error)), index + 1
                continue
            events.update(zip(batch.index.tolist(), batch.text.to_pylist(), strict=True))
            batches.append(batch)
            index = batch.next
        first = stop
    return events, batches
