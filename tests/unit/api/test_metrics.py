import re
from importlib.resources import files

from prometheus_client.parser import text_string_to_metric_families

from eventer.api.metrics import metrics_text
from eventer.service.shard_totals import ShardTotals
from eventer.service.views import ShardId, Snapshot
from eventer.workers.messages import CommitSummary, StageTimes
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


async def test_generators_have_their_names_and_totals(service):
    found = await samples(service)
    information = {
        "generator": str(BIGGEST),
        "name": "kafka:boo",
        "connection": "kafka",
        "kind": "kafka",
        "destination": "boo",
        "state": "failed",
    }
    assert found["eventer_generator_info", *sorted(information.items())] == 1
    label = ("generator", str(BIGGEST))
    assert found["eventer_generator_events_total", label] == 41
    assert found["eventer_generator_bytes_total", label] == 1 << 60
    assert found["eventer_generator_retries_total", label] == 0
    assert found["eventer_rejected_events_total", label] == 0
    assert found["eventer_faults_total", label, ("kind", "null")] == 5
    assert found["eventer_faults_total", label, ("kind", "late")] == 0


async def test_stages_are_histograms_of_transactions():
    totals = ShardTotals()
    for seconds in (0.002, 0.0025, 20):
        commit = CommitSummary({}, 1, 1, (0,) * 15, 0, 0, StageTimes(0, 0, int(seconds * 1e9)))
        totals.add(commit)
    metrics = metrics_text(Snapshot((), {ShardId("kafka", 1): totals}, ())).decode()
    start = (
        'eventer_stage_duration_seconds_{}{{connection="kafka",{}shard="1",stage="destination"}}'
    )
    for bound, count in (("0.001", 0), ("0.0025", 2), ("10.0", 2), ("+Inf", 3)):
        assert f"{start.format('bucket', f'le={chr(34)}{bound}{chr(34)},')} {count}.0\n" in metrics
    assert f"{start.format('sum', '')} 20.0045\n" in metrics


async def test_dashboard_and_alert_rules_use_only_metrics_that_exist(service):
    exist = {name for name, *_ in await samples(service)}
    for file in ("grafana.json", "prometheus.yaml"):
        text = (files("eventer.api") / "monitoring" / file).read_text()
        used = set(re.findall(r"\b(eventer_\w+)[{\[ ,]", text))
        assert len(used) >= 6
        assert used <= exist, used - exist


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
