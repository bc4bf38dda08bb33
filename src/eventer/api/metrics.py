"""Prometheus metrics, computed from a snapshot at each scrape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from eventer import __version__
from eventer.core.model import GeneratorState
from eventer.service.views import (
    LATENESS_BOUNDS,
    STAGE_BOUNDS,
    GeneratorView,
    ProcessStatus,
    ShardId,
    ShardTotals,
    Snapshot,
)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SHARD = ("connection", "shard")


def metrics_text(snapshot: Snapshot) -> bytes:
    """The snapshot in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(snapshot))
    return generate_latest(registry)


class _SnapshotCollector(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("eventer_build", "The running version", {"version": __version__})
        yield from _generator_metrics(self._snapshot.generators)
        yield from _shard_metrics(self._snapshot.shards)
        yield from _worker_metrics(self._snapshot.workers)


def _generator_metrics(generators: Iterable[GeneratorView]) -> Iterator[Metric]:
    states = GaugeMetricFamily("eventer_generators", "Generators by state", labels=("state",))
    views = tuple(generators)
    for state in GeneratorState:
        states.add_metric((state.value,), sum(view.state is state for view in views))
    position = GaugeMetricFamily(
        "eventer_generator_position", "Index of the next event to commit", labels=("generator",)
    )
    target = GaugeMetricFamily(
        "eventer_target_rate", "Requested events per second", labels=("generator",)
    )
    lag = GaugeMetricFamily(
        "eventer_lag_events", "Due events that are not committed", labels=("generator",)
    )
    late = GaugeMetricFamily(
        "eventer_rate_lag_seconds",
        "Time that the due events that are not committed take at the requested rate",
        labels=("generator",),
    )
    info = GaugeMetricFamily(
        "eventer_generator_info",
        "1 for each generator: what its id stands for in the other metrics",
        labels=("generator", "name", "connection", "kind", "destination", "state"),
    )
    events = CounterMetricFamily(
        "eventer_generator_events",
        "Events that are done: committed, dropped or skipped",
        labels=("generator",),
    )
    committed = CounterMetricFamily(
        "eventer_generator_bytes", "Bytes of JSON text committed", labels=("generator",)
    )
    retries = CounterMetricFamily(
        "eventer_generator_retries", "Retried deliveries", labels=("generator",)
    )
    skipped = CounterMetricFamily(
        "eventer_template_errors", "Events that failed and were skipped", labels=("generator",)
    )
    dropped = CounterMetricFamily(
        "eventer_dropped_events", "Events that were dropped on purpose", labels=("generator",)
    )
    for view in views:
        label = (str(view.id),)
        position.add_metric(label, view.position)
        target.add_metric(label, view.requested_rate)
        lag.add_metric(label, view.lag)
        late.add_metric(label, view.lag / (view.requested_rate or view.peak_rate))
        skipped.add_metric(label, view.skipped)
        events.add_metric(label, view.position)
        committed.add_metric(label, view.bytes)
        retries.add_metric(label, view.retries)
        info.add_metric((*label, *_identification(view)), 1)
        dropped.add_metric(label, view.dropped)
    yield from (states, info, position, target, lag, late)
    yield from (events, committed, retries, skipped, dropped)


def _identification(view: GeneratorView) -> tuple[str, ...]:
    """Its name, connection, kind, destination and state."""
    target = view.target
    return view.name, target.connection, target.kind, target.location, view.state.value


def _shard_metrics(shards: Mapping[ShardId, ShardTotals]) -> Iterator[Metric]:
    events = CounterMetricFamily("eventer_events", "Events committed", labels=_SHARD)
    size = CounterMetricFamily("eventer_bytes", "Bytes of JSON text committed", labels=_SHARD)
    commits = CounterMetricFamily("eventer_commits", "Transactions committed", labels=_SHARD)
    retries = CounterMetricFamily("eventer_retries", "Retried transactions", labels=_SHARD)
    connected = GaugeMetricFamily("eventer_connected", "1 if connected", labels=_SHARD)
    stages = CounterMetricFamily(
        "eventer_stage_seconds", "Time spent by stage", labels=(*_SHARD, "stage")
    )
    exactly = GaugeMetricFamily(
        "eventer_exactly_once", "1 if delivery is exactly-once, else 0", labels=_SHARD
    )
    late = HistogramMetricFamily(
        "eventer_delivery_seconds", "Commit time minus due time", labels=_SHARD
    )
    durations = HistogramMetricFamily(
        "eventer_stage_duration_seconds",
        "Time of a transaction by stage: its template, its encoding, its destination",
        labels=(*_SHARD, "stage"),
    )
    for id_, shard in sorted(shards.items()):
        label = (id_.connection, str(id_.number))
        events.add_metric(label, shard.events)
        size.add_metric(label, shard.bytes)
        commits.add_metric(label, shard.commits)
        retries.add_metric(label, shard.retries)
        connected.add_metric(label, shard.connected)
        for stage, seconds in shard.stages.items():
            stages.add_metric((*label, stage), seconds)
        if shard.guarantee is not None:
            exactly.add_metric(label, shard.guarantee == "exactly-once")
        late.add_metric(label, _buckets(shard.lateness, LATENESS_BOUNDS), shard.lateness_sum)
        for stage, counts in shard.stage_durations.items():
            buckets, seconds = _buckets(counts, STAGE_BOUNDS), shard.stages.get(stage, 0.0)
            durations.add_metric((*label, stage), buckets, seconds)
    yield from (events, size, commits, retries, connected, stages, exactly, late, durations)


def _buckets(counts: Sequence[int], bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Cumulative buckets that end with infinity, as Prometheus needs them."""
    names = [*map(repr, bounds), "+Inf"]
    return list(zip(names, accumulate(map(float, counts)), strict=True))


def _worker_metrics(workers: Iterable[ProcessStatus]) -> Iterator[Metric]:
    restarts = CounterMetricFamily(
        "eventer_worker_restarts", "Restarts of worker processes", labels=("worker",)
    )
    up = GaugeMetricFamily("eventer_worker_up", "1 if the process runs", labels=("worker",))
    for worker in workers:
        restarts.add_metric((worker.name,), worker.restarts)
        up.add_metric((worker.name,), worker.pid is not None)
    yield from (restarts, up)
