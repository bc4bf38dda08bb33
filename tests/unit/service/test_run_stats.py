import numpy as np
import pyarrow as pa

from eventer.core.batch import Batch
from eventer.core.model import KafkaTarget, PositionKey
from eventer.destinations.base import Delivery, Flow
from eventer.plan.json_fields import JsonFields
from eventer.runs.shard_messages import StageTimes, TransactionCommitted
from eventer.service.run_stats import RunStats, quantiles

SECOND = 1_000_000_000


def committed(first, texts, at):
    index = np.arange(first, first + len(texts), dtype=np.int64)
    text = pa.array(texts, type=pa.large_binary())
    batch = Batch(
        index, index * SECOND, text, JsonFields(texts, index), first=first, count=len(texts)
    )
    delivery = Delivery(Flow(PositionKey(1, 2, 3), KafkaTarget("t")), (batch,))
    return TransactionCommitted({}, (delivery,), at, StageTimes(0, 0, SECOND // 4))


def test_a_paced_run_counts_how_late_events_were_committed():
    run_stats = RunStats(began=0, shift=0)
    run_stats.committed(committed(0, [b"1", b"22"], at=SECOND))
    summary = run_stats.summary(2 * SECOND)
    assert (summary["events"], summary["bytes"], summary["events_per_second"]) == (2, 3, 1.0)
    assert summary["lateness_seconds"] == {"p50": 0.005, "p95": 1.0, "p99": 1.0}
    assert summary["commit_seconds"] == {"p50": 0.25, "p95": 0.25, "p99": 0.25}


def test_lateness_beyond_the_last_bound_has_no_number():
    run_stats = RunStats(began=0, shift=0)
    run_stats.committed(committed(0, [b"1"], at=1000 * SECOND))
    assert run_stats.summary(1000 * SECOND)["lateness_seconds"]["p50"] == -1


def test_lateness_is_at_most_the_time_of_the_run():
    run_stats = RunStats(began=0, shift=0)
    run_stats.committed(committed(0, [b"1"], at=12 * SECOND))
    assert run_stats.summary(15 * SECOND)["lateness_seconds"]["p95"] == 15


def test_quantiles_of_values():
    assert quantiles([]) is None
    assert quantiles([3.0]) == [3.0, 3.0, 3.0]
    assert quantiles(list(range(100, 0, -1))) == [51, 96, 100]
