"""HTTP endpoints pass the conformance tests of destinations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from eventer.testing.destination_conformance import DestinationConformance
from tests.http_receiver import HttpReceiver, http_receiver
from tests.integration.destinations.http.harness import HttpHarness


@pytest.fixture(scope="module")
def receiver() -> Iterator[HttpReceiver]:
    with http_receiver() as receiver:
        yield receiver


class _HttpConformance(DestinationConformance):
    # Events are posted and never changed: targets have no operations.
    test_the_last_operation_of_each_key_wins = None
    test_small_deliveries_with_operations_share_a_target = None
    test_a_deletion_needs_the_key_only = None
    test_an_unknown_operation_is_rejected = None
    # Each rejected event takes several requests, and this test has 540.
    test_most_events_of_large_batches_may_be_skipped = pytest.mark.slow(
        DestinationConformance.test_most_events_of_large_batches_may_be_skipped
    )


class TestNdjson(_HttpConformance):
    @pytest.fixture
    def harness(self, receiver: HttpReceiver, tmp_path: Path) -> HttpHarness:
        return HttpHarness(receiver, tmp_path, "ndjson")


@pytest.mark.slow  # as NDJSON, but for the form of bodies, which `test_delivery` shows
class TestJson(_HttpConformance):
    @pytest.fixture
    def harness(self, receiver: HttpReceiver, tmp_path: Path) -> HttpHarness:
        return HttpHarness(receiver, tmp_path, "json")
