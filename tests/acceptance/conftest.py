"""A service beside real Kafka and real PostgreSQL."""

import pytest

from tests.acceptance.service_process import Service


@pytest.fixture
def postgres_dsn(database):
    """A database of this test's own."""
    return database.dsn


@pytest.fixture(scope="module")
def postgres_module_dsn(postgres):
    """A database of this module's own."""
    with postgres.fresh_database() as made:
        yield made.dsn


@pytest.fixture
def make_service(tmp_path_factory):
    """Makes services; whatever is still running at the end is killed."""
    services: list[Service] = []

    def make(**connections) -> Service:
        service = Service(tmp_path_factory.mktemp("service"), **connections)
        services.append(service)
        return service

    yield make
    for service in services:
        service.kill()
