"""PostgreSQL passes the conformance tests of destinations."""

import pytest

from eventer.testing.destination_conformance import DestinationConformance
from tests.integration.postgres.harness import PostgresHarness
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres


class TestPostgres(DestinationConformance):
    @pytest.fixture
    def harness(self, each_database: Database) -> PostgresHarness:
        return PostgresHarness(each_database)
