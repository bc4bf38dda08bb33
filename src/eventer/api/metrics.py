"""Prometheus metrics, computed from a snapshot at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

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
LEADER: Final = ("eventer_leader", "Whether this service is the leader of its registry")
_SHARD = ("connection", "shard")


def metrics_text(snapshot: Snapshot) -> bytes:
    """The snapshot in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_SnapshotCollector(snapshot))
    return generate_latest(registry)


def standby_metrics_text() -> bytes:
    """The metrics of a service that stands by."""
    registry = CollectorRegistry()
    registry.register(_StandbyCollector())
    return generate_latest(registry)


class _StandbyCollector(Collector):
    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("eventer_build", "The running version", {"version": __version__})
        yield GaugeMetricFamily(*LEADER, value=0)


class _SnapshotCollector(Collector):
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("eventer_build", "The running version", {"version": __version__})
        yield GaugeMetricFamily(*LEADER, value=1)
        yield from _generator_metrics(self._snapshot.generators)
        yield from _shard_metrics(self._snapshot.shards)
        yield from _worker_metrics(self._snapshot.workers)


class _GeneratorMetric(NamedTuple):
    """A metric with one value for each generator."""

    family: type[GaugeMetricFamily | CounterMetricFamily]
    name: str
    documentation: str
    value: Callable[[GeneratorView], float]


_GENERATOR_METRICS: Final = (
    _GeneratorMetric(
        GaugeMetricFamily,
        "eventer_generator_position",
        "Index of the next event to commit",
        lambda view: view.position,
    ),
    _GeneratorMetric(
        GaugeMetricFamily,
        "eventer_target_rate",
        "Requested events per second",
        lambda view: view.requested_rate,
    ),
    _GeneratorMetric(
        GaugeMetricFamily,
        "eventer_lag_events",
        "Due events that are not committed",
        lambda view: view.lag,
    ),
    _GeneratorMetric(
        GaugeMetricFamily,
        "eventer_rate_lag_seconds",
        "Time that the due events that are not committed take at the requested rate",
        lambda view: view.lag / (view.requested_rate or view.peak_rate),
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_generator_events",
        "Events that are done: committed, dropped or skipped",
        lambda view: view.position,
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_generator_bytes",
        "Bytes of JSON text committed",
        lambda view: view.bytes,
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_generator_retries",
        "Retried deliveries",
        lambda view: view.retries,
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_template_errors",
        "Events that failed and were skipped",
        lambda view: view.skipped,
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_rejected_events",
        "Events that the destination rejected and that were skipped, since the service started",
        lambda view: view.rejections,
    ),
    _GeneratorMetric(
        CounterMetricFamily,
        "eventer_dropped_events",
        "Events that were dropped on purpose",
        lambda view: view.dropped,
    ),
)


def _generator_metrics(generators: Iterable[GeneratorView]) -> Iterator[Metric]:
    views = tuple(generators)
    yield _states(views)
    yield _info(views)
    for metric in _GENERATOR_METRICS:
        family = metric.family(metric.name, metric.documentation, labels=("generator",))
        for view in views:
            family.add_metric((str(view.id),), metric.value(view))
        yield family
    yield _faults(views)


def _states(views: Sequence[GeneratorView]) -> Metric:
    states = GaugeMetricFamily("eventer_generators", "Generators by state", labels=("state",))
    for state in GeneratorState:
        states.add_metric((state.value,), sum(view.state is state for view in views))
    return states


def _info(views: Sequence[GeneratorView]) -> Metric:
    info = GaugeMetricFamily(
        "eventer_generator_info",
        "1 for each generator: what its id stands for in the other metrics",
        labels=("generator", "name", "connection", "kind", "destination", "state"),
    )
    for view in views:
        info.add_metric((str(view.id), *_identification(view)), 1)
    return info


def _faults(views: Sequence[GeneratorView]) -> Metric:
    faults = CounterMetricFamily(
        "eventer_faults",
        "Committed events with a fault on purpose, by the kinds of the generator's rules",
        labels=("generator", "kind"),
    )
    for view in views:
        for kind, count in view.faults.items():
            faults.add_metric((str(view.id), kind.value), count)
    return faults


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
