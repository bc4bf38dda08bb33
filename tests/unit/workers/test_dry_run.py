"""A dry run looks for an event that does not raise, for a limited time."""

import numpy as np
import pytest

from eventer.core.errors import EvaluationError
from eventer.testing.batches import batch_of
from eventer.workers import inspect_template
from eventer.workers.inspect_template import dry_run

TIMES = np.zeros(100, np.int64)


class FailingEngine:
    """Each call takes 100 ms of CPU time; events before `first_good` raise."""

    def __init__(self, first_good, monkeypatch):
        self.first_good, self.now = first_good, 0
        self.tried = []
        monkeypatch.setattr(inspect_template.time, "thread_time_ns", lambda: self.now)

    def generate(self, first, scheduled, deadline_ns=None, later=None):
        self.now += 100_000_000
        self.tried.append(first)
        if first < self.first_good:
            raise EvaluationError(f"event {first}")
        return batch_of(first, [{}] * len(scheduled))


@pytest.mark.parametrize(("end", "tried"), [(0, 3), (1_000_000_000, 10)])
def test_it_ends_with_the_first_error_when_the_time_is_over(end, tried, monkeypatch):
    engine = FailingEngine(100, monkeypatch)
    with pytest.raises(EvaluationError, match="event 0"):
        dry_run(engine, TIMES, end)
    assert len(engine.tried) == tried


def test_it_finds_an_event_although_no_time_is_left(monkeypatch):
    engine = FailingEngine(2, monkeypatch)
    (batch,), failing = dry_run(engine, TIMES, 0)
    assert (batch.next, str(failing)) == (100, "event 0")
