"""Files of each format pass the conformance tests of destinations and audits."""

import os
from pathlib import Path

import pytest

from eventer.testing.audit_conformance import AuditConformance
from eventer.testing.destination_conformance import DestinationConformance
from tests.integration.destinations.file.harness import FileHarness


@pytest.fixture(autouse=True)
def _no_power_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on what survives a power failure."""
    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, lambda _: None)


class _FileConformance(DestinationConformance):
    # Eventer only adds events to files: their targets have no operations.
    test_the_last_operation_of_each_key_wins = None
    test_small_deliveries_with_operations_share_a_target = None
    test_a_deletion_needs_the_key_only = None
    test_an_unknown_operation_is_rejected = None


class TestNdjson(_FileConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "ndjson")


@pytest.mark.slow  # as Parquet, but for reading and writing, which its audit shows
class TestCsv(_FileConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "csv")


class TestParquet(_FileConformance):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "parquet")


class _FileAudit(AuditConformance):
    test_operations_are_verified = None
    test_another_operation_is_found = None


@pytest.mark.slow  # as the others, but for reading
class TestNdjsonAudit(_FileAudit):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "ndjson")


class TestCsvAudit(_FileAudit):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "csv")


class TestParquetAudit(_FileAudit):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileHarness:
        return FileHarness(tmp_path, "parquet")
