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


@pytest.fixture(scope="session")
def shared_service(kafka, postgres, tmp_path_factory):
    """A service with a database of its own, `dsn`: take it by `service`."""
    folder = tmp_path_factory.mktemp("shared_service")
    with postgres.fresh_database() as made:
        running = Service(folder, kafka=kafka, postgres=made.dsn)
        running.dsn = made.dsn
        yield running.start()
        running.stop()


@pytest.fixture
def service(shared_service):
    """The service that tests share: never stop it, name topics and tables apart.

    It has no generator when a test begins.
    """
    yield shared_service
    ids = [g["id"] for g in shared_service.get("/generator/status")[1]["generators"]]
    if ids:
        code, body = shared_service.post("/generator/remove", {"ids": ids})
        assert code == 200, body


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
