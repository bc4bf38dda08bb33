from prometheus_client.parser import text_string_to_metric_families

from eventer.api.metrics import metrics_text
from eventer.service.views import Snapshot
from tests.unit.api.canned_service import BIGGEST

SHARD = {"connection": "kafka", "shard": "1"}


async def samples(service):
    text = metrics_text(await service.snapshot()).decode()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_generators_are_counted_by_state(service):
    found = await samples(service)
    assert found["eventer_generators", ("state", "failed")] == 1
    assert found["eventer_generators", ("state", "running")] == 1
    assert found["eventer_generators", ("state", "paused")] == 0
    assert found["eventer_generator_position", ("generator", str(BIGGEST))] == 41


async def test_shards_count_delivered_events(service):
    found, label = await samples(service), tuple(sorted(SHARD.items()))
    assert found["eventer_events_total", *label] == 1000
    assert found["eventer_bytes_total", *label] == 336_000
    assert found["eventer_commits_total", *label] == 10
    assert found["eventer_retries_total", *label] == 1
    stage = tuple(sorted((SHARD | {"stage": "encode"}).items()))
    assert found["eventer_stage_seconds_total", *stage] == 3
    assert found["eventer_exactly_once", *label] == 1
    assert found["eventer_worker_restarts_total", ("worker", "w0")] == 2


async def test_lateness_is_a_cumulative_histogram(service):
    found = await samples(service)
    buckets = [
        found[
            "eventer_delivery_seconds_bucket", ("connection", "kafka"), ("le", le), ("shard", "1")
        ]
        for le in ("0.005", "0.1", "60.0", "+Inf")
    ]
    assert buckets == [2, 3, 3, 6]
    label = tuple(sorted(SHARD.items()))
    assert found["eventer_delivery_seconds_count", *label] == 6
    assert found["eventer_delivery_seconds_sum", *label] == 12.5


async def test_a_service_without_generators_has_metrics_too(client):
    assert b"eventer_build_info" in metrics_text(Snapshot((), {}, ()))
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_names_match_the_dashboards(client):
    text = (await client.get("/metrics")).text
    for name in (
        "eventer_build_info",
        "eventer_events_total",
        "eventer_bytes_total",
        "eventer_retries_total",
        "eventer_delivery_seconds_bucket",
        "eventer_target_rate",
        "eventer_rate_lag_seconds",
        "eventer_template_errors_total",
    ):
        assert f"\n{name}{{" in text, name
