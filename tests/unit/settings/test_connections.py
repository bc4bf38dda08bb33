"""Every setting of a connection reaches its destination under the same name."""

from pathlib import Path

from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.service.connections import known_connections
from eventer.settings.loader import load_settings


def test_every_setting_reaches_its_destination():
    environ = {
        "EVENTER_KAFKA__BOOTSTRAP_SERVERS": "h:1",
        "EVENTER_KAFKA__DELIVERY": "at-least-once",
        "EVENTER_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
        "EVENTER_KAFKA__SASL_MECHANISM": "SCRAM-SHA-512",
        "EVENTER_KAFKA__SASL_USERNAME": "u",
        "EVENTER_KAFKA__SASL_PASSWORD": "p",
        "EVENTER_KAFKA__SSL_CAFILE": "/ca",
        "EVENTER_KAFKA__SSL_CERTFILE": "/cert",
        "EVENTER_KAFKA__SSL_KEYFILE": "/key",
        "EVENTER_KAFKA__SSL_KEY_PASSWORD": "kp",
        "EVENTER_KAFKA__SSL_CHECK_HOSTNAME": "no",
        "EVENTER_KAFKA__CLIENT_ID": "c",
        "EVENTER_KAFKA__COMPRESSION": "none",
        "EVENTER_KAFKA__START_TIMEOUT": "60",
        "EVENTER_CONNECTIONS__DB__TYPE": "postgres",
        "EVENTER_CONNECTIONS__DB__DSN": "postgresql://h/db",
        "EVENTER_CONNECTIONS__DB__PASSWORD": "p",
        "EVENTER_CONNECTIONS__DB__SYNCHRONOUS_COMMIT": "off",
        "EVENTER_CONNECTIONS__DB__CONNECT_TIMEOUT": "1",
        "EVENTER_CONNECTIONS__DB__STATEMENT_TIMEOUT": "2",
        "EVENTER_CONNECTIONS__DB__LOCK_TIMEOUT": "3",
    }
    known = known_connections(load_settings(environ=environ).settings, 1)
    assert known["postgres"].connector is None
    options = {name: known[name].connector.options for name in ("kafka", "db")}
    assert (KafkaSettings(**options["kafka"]), PostgresSettings(**options["db"])) == (
        KafkaSettings(
            "h:1",
            "at-least-once",
            "SASL_SSL",
            "SCRAM-SHA-512",
            "u",
            "p",
            Path("/ca"),
            Path("/cert"),
            Path("/key"),
            "kp",
            False,
            "c",
            "none",
            start_timeout=60,
        ),
        PostgresSettings("postgresql://h/db", "p", "off", 1, 2, 3),
    )
