"""Tables of a real MariaDB pass the conformance tests of destinations and audits."""

import pytest

from eventer.testing.audit_conformance import AuditConformance
from eventer.testing.destination_conformance import DestinationConformance
from tests.integration.destinations.mysql.harness import MysqlHarness


class TestAppend(DestinationConformance):
    # Slow ones: the upserts below run them.
    test_random_histories_deliver_every_event_once = None
    test_large_batches_arrive_complete = None

    @pytest.fixture
    def harness(self, mysql_dsn: str) -> MysqlHarness:
        return MysqlHarness(mysql_dsn)


@pytest.mark.slow  # as appending, but for who rejects events
class TestUpsertIntoCheckedTable(DestinationConformance):
    # Their generators would overwrite the rows of each other.
    test_flows_commit_together = None
    test_each_flow_says_whether_events_are_skipped = None

    @pytest.fixture
    def harness(self, mysql_dsn: str) -> MysqlHarness:
        return MysqlHarness(mysql_dsn, ("n",), checked=True)


class TestAppendAudit(AuditConformance):
    @pytest.fixture
    def harness(self, mysql_dsn: str) -> MysqlHarness:
        return MysqlHarness(mysql_dsn)


class TestUpsertAudit(AuditConformance):
    test_a_repeated_event_is_a_duplicate = None  # the primary key prevents it

    @pytest.fixture
    def harness(self, mysql_dsn: str) -> MysqlHarness:
        return MysqlHarness(mysql_dsn, ("n",))
