from eventer.cli.run_session import format_summary
from eventer.service.run_stats import RunStats
from eventer.service.shard_totals import ShardTotals

SECOND = 1_000_000_000


def summary(skipped=0, commits=(), **totals):
    run_stats = RunStats(0, None, ShardTotals(**totals), skipped, list(commits))
    return run_stats.summary(2 * SECOND)


def test_a_summary_of_a_paced_run():
    lateness = {"p50": 0.005, "p95": 1.0, "p99": -1.0}
    totals = summary(events=2, bytes=3, commits=[0.25]) | {"lateness_seconds": lateness}
    assert format_summary(totals) == (
        "2 events, 3 bytes in 2 s (1 events/s)\n"
        "  commit  p50 250 ms  p95 250 ms  p99 250 ms\n"
        "  lateness ≤  p50 5 ms  p95 1 s  p99 over 60 s"
    )


def test_a_summary_without_events():
    assert (
        format_summary(summary(skipped=3, retries=1))
        == "0 events, 0 bytes in 2 s (0 events/s), 3 skipped, 1 retries"
    )


def test_times_have_three_digits_and_one_unit():
    lateness = {"p50": 0.0000013, "p95": 6.540255, "p99": 60.0}
    shown = format_summary(summary() | {"lateness_seconds": lateness}).splitlines()[-1]
    assert shown == "  lateness ≤  p50 1.3 µs  p95 6.54 s  p99 60 s"
