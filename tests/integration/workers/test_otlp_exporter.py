"""A delivery worker exports its traces to a collector, as the variables of OpenTelemetry say."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from eventer.core.clock import SystemClock
from eventer.core.model import Segment
from eventer.core.pace import ticks
from eventer.runs.shard_messages import PositionRead
from eventer.workers.messages import AssignFlow, CommitSummary, ResumeFlow, Stop
from tests.integration.workers.test_delivery_worker import ASSIGNMENT, KEY, SHARD, worker
from tests.sqlite_destination import read_events

VARIABLES = """
import os
from eventer.workers import otlp_exporter

otlp_exporter.CLOSE_SECONDS = 300.0
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:{port}"
os.environ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test"
os.environ["OTEL_EXPORTER_OTLP_TIMEOUT"] = "300"
os.environ["OTEL_BSP_EXPORT_TIMEOUT"] = "300000"
"""
"""No time limit expires while the machine is busy."""


class Collector(ThreadingHTTPServer):
    """Keeps the resources and the spans that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.resources: list[dict[str, Any]] = []
        self.spans: list[Any] = []

    def take(self, body: bytes) -> None:
        for traced in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resources.append(values(traced.resource.attributes))
            self.spans += [span for scope in traced.scope_spans for span in scope.spans]


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        compressed = self.headers.get("Content-Encoding") == "gzip"
        self.server.take(gzip.decompress(body) if compressed else body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            collector.shutdown()
            thread.join()


def values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


async def test_a_worker_exports_its_traces_before_it_ends(tmp_path: Path) -> None:
    with collecting() as collector:
        variables = VARIABLES.format(port=collector.server_port)
        async with worker(tmp_path, variables, traces=True) as running:
            send = running.channel.send
            send(AssignFlow(SHARD, replace(ASSIGNMENT, name="orders")))
            await running.until_a(PositionRead)
            pace = (Segment(SystemClock().now_ns(), 0, ticks(10, 3_600_000_000_000)),)
            send(ResumeFlow(SHARD, KEY, pace))
            await running.until_a(CommitSummary)
            send(Stop())
            assert await running.exit_code() == 0
    (resource,) = {tuple(sorted(each.items())) for each in collector.resources}
    assert dict(resource)["service.name"] == "eventer"
    assert dict(resource)["deployment.environment.name"] == "test"
    by_name: dict[str, list[Any]] = {}
    for span in collector.spans:
        by_name.setdefault(span.name, []).append(span)
    assert by_name.keys() >= {"transaction", "deliver", "generate", "commit"}
    delivered = [values(span.attributes) for span in by_name["deliver"]]
    assert {each["eventer.generator.name"] for each in delivered} == {"orders"}
    assert sum(each["eventer.events"] for each in delivered) == len(read_events(tmp_path, "boo"))
    roots = {span.trace_id for span in by_name["transaction"]}
    assert roots == {span.trace_id for span in collector.spans}
    assert len(roots) == len(by_name["transaction"])
