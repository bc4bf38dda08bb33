"""Every setting of a connection reaches its destination under the same name."""

from pathlib import Path

import pytest

from eventer.core.errors import ConfigError
from eventer.destinations.http.settings import HttpSettings
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


def test_every_setting_reaches_http(tmp_path):
    (tmp_path / "headers").write_text("Authorization: Bearer hush\nX-Team: data\n")
    environ = {
        "EVENTER_HTTP__URL": "https://h/in",
        "EVENTER_HTTP__HEADERS_FILE": str(tmp_path / "headers"),
        "EVENTER_HTTP__SSL_CAFILE": "/ca",
        "EVENTER_HTTP__TIMEOUT": "3",
        "EVENTER_HTTP__BATCH_EVENTS": "7",
        "EVENTER_HTTP__BATCH_BYTES": "2000",
        "EVENTER_HTTP__COMPRESSION": "gzip",
        "EVENTER_HTTP__PARALLEL_REQUESTS": "2",
        "EVENTER_DATA_DIR": str(tmp_path),
    }
    settings = load_settings(environ=environ).settings
    for keeps_state, folder in ((True, tmp_path / "destinations"), (False, None)):
        http = known_connections(settings, 1, keeps_state=keeps_state)["http"]
        assert (http.guarantee, http.address) == ("at-least-once", "https://h/in")
        assert http.connector.state_folder == folder
        headers = (("Authorization", "Bearer hush"), ("X-Team", "data"))
        expected = HttpSettings("https://h/in", headers, Path("/ca"), 3, 7, 2000, "gzip", 2)
        assert http.connector.settings == expected
        assert "hush" not in repr(http.connector)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ("Authorization Bearer hush", "line 1 is not a header"),
        ("A: b\nB:", "line 2 is not a header"),
        ("Idempotency-Key: hush", "'Idempotency-Key' is set by Eventer"),
    ],
)
def test_headers_that_are_not_valid_are_refused_without_their_values(headers, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load_settings(environ={"EVENTER_HTTP__HEADERS": headers})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://h", "h/in", "https://h/in?a=b", "https://u:p@h/in"])
def test_a_url_of_endpoints_has_no_query_and_no_login(url):
    with pytest.raises(ConfigError, match=r"http\.url"):
        load_settings(environ={"EVENTER_HTTP__URL": url})
