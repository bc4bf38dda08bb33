"""An outage of the collector is logged once, not with each retry."""

import logging
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from eventer.workers.otlp_exporter import _Exporter

LOGGER = logging.getLogger(OTLPSpanExporter.__module__)


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Exporter]:
    """An exporter that logs two retries and fails, unless its spans arrive."""
    arrived = iter([False, False, True, False])

    def export(_: OTLPSpanExporter, __: Sequence[ReadableSpan]) -> SpanExportResult:
        if next(arrived):
            return SpanExportResult.SUCCESS
        LOGGER.warning("retrying")
        LOGGER.error("failed")
        return SpanExportResult.FAILURE

    monkeypatch.setattr(OTLPSpanExporter, "export", export)
    filters = list(LOGGER.filters)
    yield _Exporter()
    LOGGER.filters[:] = filters


def test_each_outage_is_logged_once(exporter: _Exporter, caplog: pytest.LogCaptureFixture) -> None:
    exporter.export(())
    exporter.export(())
    assert caplog.messages == ["retrying"]
    exporter.export(())
    exporter.export(())
    assert caplog.messages == ["retrying", "retrying"]
