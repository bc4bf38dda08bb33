"""`eventer assets` prints a dashboard and alert rules, which Prometheus' own tool accepts."""

import json
import shutil
import subprocess

import pytest
import yaml

ALERT_TESTS = """
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: eventer_generator_info{generator="7",name="kafka:a",destination="a",state="failed"}
        values: 1x5
      - series: eventer_connected{connection="kafka",shard="1"}
        values: 1 0x9
      - series: eventer_delivery_seconds_bucket{connection="kafka",le="1.0"}
        values: 0x30
      - series: eventer_delivery_seconds_bucket{connection="kafka",le="2.5"}
        values: 0+10x30
      - series: eventer_delivery_seconds_bucket{connection="kafka",le="+Inf"}
        values: 0+10x30
    promql_expr_test: []
    alert_rule_test:
      - eval_time: 2m
        alertname: EventerGeneratorFailed
        exp_alerts:
          - exp_labels: {severity: critical, generator: "7", name: "kafka:a", destination: a, state: failed}
            exp_annotations:
              summary: Generator kafka:a failed
              description: It delivers no events to a. `eventer status 7` shows the error.
      - eval_time: 2m
        alertname: EventerDisconnected
        exp_alerts: []
      - eval_time: 4m
        alertname: EventerDisconnected
        exp_alerts:
          - exp_labels: {severity: critical, connection: kafka, shard: "1"}
            exp_annotations:
              summary: Shard 1 cannot reach kafka
              description: Its events wait. `eventer connection test kafka` shows the reason.
      - eval_time: 3m
        alertname: EventerLate
        exp_alerts: []
"""  # noqa: E501


def test_a_dashboard_with_panels_is_printed(shell):
    dashboard = json.loads(shell.call("assets", "grafana").stdout)
    assert dashboard["title"] == "Eventer"
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) > 10
    assert all(panel["targets"] for panel in dashboard["panels"])


def test_each_alert_has_a_summary_and_a_description(shell):
    (group,) = yaml.safe_load(shell.call("assets", "prometheus").stdout)["groups"]
    for rule in group["rules"]:
        assert rule["annotations"].keys() == {"summary", "description"}
        assert rule["labels"]["severity"] in {"warning", "critical"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs Debian's package prometheus")
def test_prometheus_accepts_the_rules_and_fires_them(shell):
    shell.write("rules.yaml", shell.call("assets", "prometheus").stdout)
    shell.write("test.yaml", ALERT_TESTS)
    for arguments in (["check", "rules", "rules.yaml"], ["test", "rules", "test.yaml"]):
        done = subprocess.run(
            ["promtool", *arguments], cwd=shell.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
