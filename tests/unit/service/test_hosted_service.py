"""The settings of a service on embedded servers."""

from types import SimpleNamespace
from typing import Any

from eventer.service.hosted_service import EmbeddedServers
from eventer.settings import Settings
from eventer.settings.model import KafkaConnection


def test_embedded_servers_replace_addresses_and_leave_the_schema_registry() -> None:
    servers: Any = SimpleNamespace(bootstrap_servers="here:1", dsn="postgresql://here/db")
    own = KafkaConnection(
        bootstrap_servers="there:2",
        security_protocol="SSL",
        schema_registry_url="http://registry:8081",
        schema_registry_username="me",
    )
    kafka = EmbeddedServers(servers, servers).connect(Settings(kafka=own)).kafka
    assert (kafka.bootstrap_servers, kafka.security_protocol) == ("here:1", "PLAINTEXT")
    assert kafka.schema_registry_url == "http://registry:8081"
    assert kafka.schema_registry_username == "me"
