"""Conditions of `--fail-if`."""

import numpy as np
import pyarrow as pa
import pytest

from eventer.core.batch import Batch
from eventer.core.errors import RequestError
from eventer.core.model import KafkaTarget, Position, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.plan.json_fields import JsonFields
from eventer.runs.shard_messages import StageTimes, TransactionCommitted
from eventer.service.run_stats import RunStats
from eventer.service.thresholds import parse_threshold
from tests.families import family

SECOND = 1_000_000_000
KEY = PositionKey(1, 2, 3)


def committed(late: list[float], at: int = 1_000 * SECOND) -> TransactionCommitted:
    """A transaction of events that were late by these seconds."""
    index = np.arange(len(late), dtype=np.int64)
    scheduled = at - (np.array(late) * SECOND).astype(np.int64)
    text = pa.array([b"1"] * len(late), type=pa.large_binary())
    fields = JsonFields([{}] * len(late), index)
    batch = Batch(index, scheduled, text, fields, first=0, count=len(late))
    delivery = Delivery(Flow(KEY, KafkaTarget("t")), (batch,))
    times = StageTimes(0, 0, SECOND // 4)
    return TransactionCommitted({KEY: Position(len(late))}, (delivery,), at, times)


def failures(
    condition: str,
    late: list[float] | None = None,
    *,
    skipped: int = 0,
    live_from: int = 0,
    progress: float | None = 1,
) -> list[str]:
    thresholds = (parse_threshold(condition),)
    stats = RunStats(0, 0, live_from=live_from, thresholds=thresholds, skipped=skipped)
    stats.committed(committed([0.0] if late is None else late))
    return [str(each) for each in stats.failures(progress, settled=True)]


@family(
    ("condition", "late", "fails"),
    [
        ("lateness_p99 > 250ms", [0.1] * 99 + [0.9], False),
        ("lateness_p99 > 250ms", [0.1] * 98 + [0.9] * 2, True),
        ("lateness_p50 > 300ms", [0.26] * 10, False),
        ("lateness_p50 > 300ms", [0.31] * 10, True),
        ("lateness_p50>=250ms", [0.25] * 10, True),
        ("lateness_p50 > 250ms", [0.25] * 10, False),
        ("lateness_p95 < 1s", [0.5] * 10, True),
        ("lateness_p95 <= 1s", [2.0] * 10, False),
    ],
)
def test_quantiles_are_exact_between_the_buckets_of_the_histogram(condition, late, fails) -> None:
    assert bool(failures(condition, late)) is fails


def test_failures_say_the_value() -> None:
    assert failures("skipped > 0", skipped=3) == ["skipped > 0: it is 3"]
    assert failures("rate < 0.99", progress=0.5) == ["rate < 0.99: it is 0.5"]
    assert failures("commit_p99 > 100ms") == ["commit_p99 > 100ms: it is at most 0.25 s"]
    assert failures("lateness_p50 > 60s", [100.0]) == ["lateness_p50 > 1m: it is over 60 s"]
    assert failures("events < 2") == ["events < 2: it is 1"]
    assert failures("retries > 0") == []


def test_a_rate_that_cannot_be_measured_does_not_fail() -> None:
    assert failures("rate < 0.99", progress=None) == []


def test_the_past_that_start_asks_for_is_not_late() -> None:
    late = [500.0] * 60 + [0.1] * 40
    assert failures("lateness_p50 > 1s", late)
    assert not failures("lateness_p50 > 1s", late, live_from=999 * SECOND)


def test_before_the_run_has_settled_only_counts_are_looked_at() -> None:
    thresholds = (parse_threshold("lateness_p50 > 1s"), parse_threshold("skipped > 0"))
    stats = RunStats(0, 0, thresholds=thresholds, skipped=1)
    stats.committed(committed([5.0]))
    found = stats.failures(0.1, settled=False)
    assert [each.threshold.metric for each in found] == ["skipped"]


@family(
    ("condition", "said"),
    [
        ("lateness", "is not a condition"),
        ("lateness_p99 = 5s", "is not a condition: .* one of >= <= > <"),
        ("rate < 0.99%", "'0.99%' is not a number: rate is a share of the requested rate"),
        ("rate < 5/s", "rate is a share of the requested rate"),
        ("lateness_p98 > 5s", "did you mean 'lateness_p9"),
        ("lateness_p99 > 5", "has no unit"),
        ("skipped > 1.2.3", "is not a number"),
        ("skipped > 5s", "is not a number"),
    ],
)
def test_conditions_that_are_refused(condition: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        parse_threshold(condition)
