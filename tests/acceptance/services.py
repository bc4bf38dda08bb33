"""Fixtures: services. Tests that leave their service running share one for each test process."""

import pytest

from tests.acceptance.service_process import Service, remove_generators


@pytest.fixture(scope="session")
def shared_service(kafka, postgres, tmp_path_factory):
    """The shared service; its database is `dsn`. Tests use it through `service`."""
    folder = tmp_path_factory.mktemp("shared_service")
    with postgres.fresh_database() as created:
        shared = Service(folder, kafka=kafka, postgres=created.dsn)
        shared.dsn = created.dsn
        yield shared.start()
        shared.stop()


@pytest.fixture
def service(shared_service):
    """The shared service without generators. Tests must not stop it and use their own names.

    Removes the test's generators afterwards.
    """
    yield shared_service
    remove_generators(shared_service)


@pytest.fixture
def make_service(tmp_path_factory):
    """Creates services and kills those that still run after the test."""
    services: list[Service] = []

    def make(**connections) -> Service:
        service = Service(tmp_path_factory.mktemp("service"), **connections)
        services.append(service)
        return service

    yield make
    for service in services:
        service.kill()
