"""Exports traces by OTLP over HTTP, as the standard variables `OTEL_*` of OpenTelemetry say."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from eventer import __version__
from eventer.destinations.base import ShardConnection
from eventer.workers.delivery_traces import GenerationTimes, TracedConnection

CLOSE_SECONDS: Final = 3.0
"""How long the end of a process waits for a collector that does not answer."""
_QUEUE_VARIABLE: Final = "OTEL_BSP_MAX_QUEUE_SIZE"
_QUEUED_SPANS: Final = 10_000
"""A transaction of many generators has thousands of spans."""


class _FirstOfOutage(logging.Filter):
    """Lets the first record about an outage of the collector pass; retries would fill the log."""

    reported = False

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged."""
        del record
        first, self.reported = not self.reported, True
        return first


class _Exporter(OTLPSpanExporter):
    """The exporter, which logs each outage of the collector once."""

    def __init__(self) -> None:
        super().__init__()
        self._outage = _FirstOfOutage()
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(self._outage)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `OTLPSpanExporter.export`."""
        result = super().export(spans)
        if result is SpanExportResult.SUCCESS:
            self._outage.reported = False
        return result


class OtlpTraces:
    """The traces of this process. Its service is `eventer`, unless a variable names another."""

    def __init__(self) -> None:
        own = Resource.create({"service.name": "eventer", "service.version": __version__})
        self._provider = TracerProvider(
            resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
        )
        queue = None if _QUEUE_VARIABLE in os.environ else _QUEUED_SPANS
        processor = BatchSpanProcessor(_Exporter(), max_queue_size=queue)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("eventer", __version__)
        self.generation_times = GenerationTimes()

    def trace(self, connection: ShardConnection, shard: int) -> ShardConnection:
        """The connection, with a trace of each transaction."""
        return TracedConnection(connection, shard, self._tracer, self.generation_times)

    async def close(self) -> None:
        """Exports what is left, and gives up after `CLOSE_SECONDS`."""
        thread = threading.Thread(target=self._end, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, CLOSE_SECONDS)

    def _end(self) -> None:
        self._provider.force_flush()
        self._provider.shutdown()
