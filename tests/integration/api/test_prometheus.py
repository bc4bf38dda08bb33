"""A real Prometheus scrapes a real service, and evaluates its alert rules."""

import json
import shutil
import subprocess
from importlib.resources import files
from urllib.parse import quote
from urllib.request import urlopen

import pytest
import yaml

from tests.ports import free_port
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="needs Debian's prometheus"),
]


class Prometheus:
    """A server that runs, by its API."""

    def __init__(self, process, port):
        self._process = process
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def get(self, path):
        """The data of an answer; None while there is none."""
        assert self._process.poll() is None, "Prometheus ended"
        try:
            with urlopen(f"{self._url}/{path}") as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def query(self, expression):
        data = self.get(f"query?query={quote(expression)}")
        return data and data["result"]


@pytest.fixture
def prometheus(service, tmp_path):
    port = free_port()
    rules = (files("eventer.api") / "monitoring" / "prometheus.yaml").read_text()
    (tmp_path / "eventer.rules.yaml").write_text(rules)
    scrape = {"job_name": "eventer", "static_configs": [{"targets": [service.url[7:]]}]}
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["eventer.rules.yaml"],
        "scrape_configs": [scrape],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    command = [
        "prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--log.level=warn",
    ]
    process = subprocess.Popen(command, cwd=tmp_path)
    try:
        yield Prometheus(process, port)
    finally:
        process.kill()
        process.wait()


def test_prometheus_reads_the_metrics_and_evaluates_the_rules(service, prometheus):
    body = {
        "destinations": [{"id": "d", "type": "postgres", "postgres": {"table": "scraped"}}],
        "events": [{"id": "e", "template": "{ n: 1 }", "interval": "100ms"}],
        "schedules": [{"destination_id": "d", "event_id": "e"}],
    }
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    id_ = answer["generators"][0]["id"]
    try:
        events = f'eventer_generator_events_total{{generator="{id_}"}} > 0'
        wait_until(lambda: prometheus.query(events), "no events were scraped")
        wait_until(lambda: prometheus.query('up{job="eventer"} == 1'), "not up")

        def health():
            groups = (prometheus.get("rules") or {"groups": []})["groups"]
            return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

        wait_until(lambda: set(health().values()) == {"ok"}, lambda: str(health()))
        assert "EventerGeneratorFailed" in health()
    finally:
        service.post("/generator/remove", {"ids": [id_]})
