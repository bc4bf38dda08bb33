"""Fixtures: services. Tests that leave their service running share one for each test process."""

from urllib.parse import urlsplit

import pytest

from tests.acceptance.service_process import Service, remove_generators
from tests.acceptance.throttle import Throttle
from tests.kafka_server.server import KafkaServer
from tests.schema_registry import running_registry


@pytest.fixture(scope="session")
def shared_service(kafka, postgres, tmp_path_factory):
    """The shared service; its database is `dsn`. Tests use it through `service`.

    Its library, `library`, is empty until a test writes into it. Its connection `late` is to
    `late_kafka`, a broker that does not run until a test starts it. Its connection `slow` is to its
    database through `throttle`, which limits no rate until a test sets one.
    """
    folder = tmp_path_factory.mktemp("shared_service")
    with postgres.fresh_database() as created:
        shared = Service(folder, kafka=kafka, postgres=created.dsn)
        shared.dsn, shared.library = created.dsn, folder / "library"
        shared.library.mkdir()
        shared.env["EVENTER_LIBRARY"] = str(shared.library)
        shared.late_kafka = KafkaServer(folder / "late")
        shared.env["EVENTER_CONNECTIONS__LATE__TYPE"] = "kafka"
        shared.env["EVENTER_CONNECTIONS__LATE__BOOTSTRAP_SERVERS"] = shared.late_kafka.bootstrap
        # The budgets of the engines give the location of a hostile template: a busy machine must
        # not end the inspector first.
        shared.env["EVENTER_LIMITS__INSPECT_SECONDS"] = "30"
        port = urlsplit(created.dsn).port
        with running_registry() as shared.registry, Throttle(port) as shared.throttle:
            slow_dsn = created.dsn.replace(f":{port}/", f":{shared.throttle.port}/")
            shared.env["EVENTER_CONNECTIONS__SLOW__TYPE"] = "postgres"
            shared.env["EVENTER_CONNECTIONS__SLOW__DSN"] = slow_dsn
            shared.env["EVENTER_KAFKA__SCHEMA_REGISTRY_URL"] = shared.registry.url
            yield shared.start()
            shared.stop()
        shared.late_kafka.kill()


@pytest.fixture
def service(shared_service):
    """The shared service without generators, for tests that use their own names.

    A test that stops the service must start it again. Removes the test's generators afterwards.
    """
    yield shared_service
    remove_generators(shared_service)


@pytest.fixture
def registry(shared_service):
    """The schema registry of the shared service. A test that stops it must start it again."""
    return shared_service.registry


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
