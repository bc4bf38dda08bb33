import sys
from pathlib import Path

import pytest

from eventer.core.errors import ConfigError
from eventer.settings import Settings, load_settings
from eventer.settings.loader import secret_keys
from eventer.settings.model import CONNECTION_TYPES, check_bind, check_traces
from eventer.settings.show import mask, shown_settings
from eventer.settings.sources import key_lines
from tests.families import family


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text):
    Path("eventer.toml").write_text(text, encoding="utf-8")


def refused(environ=None, **arguments):
    with pytest.raises(ConfigError) as raised:
        load_settings(environ=environ or {}, **arguments)
    return raised.value


def test_flag_over_environment_over_file_over_default():
    write('port = 1\nhost = "a"\nworkers = 5\n[kafka]\nbootstrap_servers = "file:1"\n')
    environ = {"EVENTER_PORT": "2", "EVENTER_HOST": "b"}
    loaded = load_settings({"port": 3, "host": None}, environ=environ)
    settings = loaded.settings
    assert (settings.port, settings.host, settings.workers, settings.shards) == (3, "b", 5, 2)
    assert settings.kafka.bootstrap_servers == "file:1"
    assert loaded.origins == {
        ("port",): "--port",
        ("host",): "EVENTER_HOST",
        ("workers",): "eventer.toml:3",
        ("kafka", "bootstrap_servers"): "eventer.toml:5",
    }


@family(
    ("setting", "option"),
    [("port", "--port"), ("file.root", "--file"), ("http.url", "--http")],
)
def test_errors_name_the_option(setting, option):
    assert str(refused(flags={setting: -1})).startswith(f"{option}: ")


@family(
    ("variable", "value", "read"),
    [
        ("EVENTER_PORT", "1234", lambda s: s.port == 1234),
        ("EVENTER_DATA_DIR", "/x", lambda s: s.data_dir == Path("/x")),
        ("EVENTER_INSTANCE_ID", "i", lambda s: s.instance_id == "i"),
        ("EVENTER_TOKEN", "t", lambda s: s.token.get_secret_value() == "t"),
        ("EVENTER_LIBRARY", "lib", lambda s: s.library == Path("lib")),
        ("EVENTER_ALLOWED_HOSTS", "a, b,", lambda s: s.allowed_hosts == ("a", "b")),
        ("EVENTER_KAFKA__DELIVERY", "at-least-once", lambda s: s.kafka.delivery == "at-least-once"),
        ("EVENTER_KAFKA__SSL_CHECK_HOSTNAME", "false", lambda s: not s.kafka.ssl_check_hostname),
        ("EVENTER_LIMITS__BODY_BYTES", "2048", lambda s: s.limits.body_bytes == 2048),
        ("EVENTER_URL", "http://x/", lambda s: s.service_url == "http://x"),
        ("EVENTER_URL", "localhost:9099", lambda s: s.service_url == "http://localhost:9099"),
        (
            "EVENTER_KAFKA__BOOTSTRAP_SERVERS",
            "a:1, [::1]:9092",
            lambda s: s.kafka.bootstrap_servers == "a:1, [::1]:9092",
        ),
        ("EVENTER_HOST", "::1", lambda s: s.service_url == "http://[::1]:9099"),
        ("EVENTER_PORT", "", lambda s: s.port == 9099),
        ("EVENTER_PORT", "tcp://10.0.0.1:9099", lambda s: s.port == 9099),
    ],
)
def test_every_form_of_variable(variable, value, read):
    assert read(load_settings(environ={variable: value, "PATH": "x"}).settings)


def test_the_url_of_a_registry_has_no_login():
    error = refused({"EVENTER_KAFKA__SCHEMA_REGISTRY_URL": "http://me:hush@h:8081"})
    assert "schema_registry_password" in error.message
    assert "hush" not in str(error)
    url = "h:8081/apis/ccompat/v7"
    settings = load_settings(environ={"EVENTER_KAFKA__SCHEMA_REGISTRY_URL": url}).settings
    assert settings.kafka.schema_registry_url == f"http://{url}"


def test_named_connections_of_both_kinds():
    write('[connections.orders]\ntype = "postgres"\ndsn = "postgresql://h/db"\n')
    environ = {
        "EVENTER_CONNECTIONS__ORDERS__PASSWORD": "pw",
        "EVENTER_CONNECTIONS__EDGE__TYPE": "kafka",
        "EVENTER_CONNECTIONS__EDGE__BOOTSTRAP_SERVERS": "h:1",
    }
    connections = load_settings(environ=environ).settings.connections
    assert isinstance(connections["orders"], CONNECTION_TYPES["postgres"])
    assert connections["orders"].password.get_secret_value() == "pw"
    assert connections["edge"].bootstrap_servers == "h:1"


@family(
    ("text", "message", "key", "hint"),
    [
        (
            "\n[kafka]\n# x\nbootstrap = 'h'\n",
            "eventer.toml:4: there is no setting 'kafka.bootstrap'",
            "kafka.bootstrap",
            "did you mean 'bootstrap_servers'?",
        ),
        (
            "[conections.orders]\ntype='kafka'\n",
            "eventer.toml:2: there is no setting 'conections'",
            "conections",
            "did you mean 'connections'?",
        ),
        (
            "[connections.orders]\ntype='postgres'\ndsm='x'\n",
            "eventer.toml:3: there is no setting 'connections.orders.dsm'",
            "connections.orders.dsm",
            "did you mean 'dsn'?",
        ),
        (
            "[connections.orders]\ndsn='x'\n",
            "eventer.toml:2: 'connections.orders.type' is missing",
            "connections.orders.type",
            'set type = "kafka" or "postgres" or "file" or "http" or "mysql"',
        ),
        (
            "[connections.Orders]\ntype='kafka'\n",
            "eventer.toml:2: 'Orders' is not a valid connection name",
            "connections.Orders",
            "use lower-case letters, digits, '_' and '-', starting with a letter",
        ),
        (
            "[connections.kafka]\ntype='kafka'\n",
            "eventer.toml:2: connection 'kafka' has its own table",
            "connections.kafka",
            "write [kafka] instead of [connections.kafka]",
        ),
        (
            "port = 70000",
            "eventer.toml:1: port: must be at most 65535",
            "port",
            None,
        ),
    ],
)
def test_mistakes_in_the_file_name_line_key_and_remedy(text, message, key, hint):
    write(text)
    error = refused()
    assert (error.message, error.key, error.hint) == (message, key, hint)


def test_all_mistakes_are_named_at_once():
    write("port = -1\nhots = 'x'\n")
    message = refused().message
    assert "eventer.toml:1: port:" in message
    assert "eventer.toml:2: there is no setting 'hots' (did you mean 'host'?)" in message


@family(
    ("environ", "message"),
    [
        ({"EVENTER_PROT": "1"}, "EVENTER_PROT: there is no setting 'prot'"),
        ({"EVENTER_PORT": "x"}, "EVENTER_PORT: port: must be an integer"),
        ({"EVENTER_URL": "ftp://x"}, "url: 'ftp://x' is not the URL of a service"),
        ({"EVENTER_URL": "localhost:x"}, "url: 'localhost:x' is not the URL of a service"),
        ({"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1"}, "'127.0.0.1' is not a broker"),
        ({"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "a:1,localhost:abc"}, "'localhost:abc' is not a"),
        ({"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "a:70000"}, "'a:70000' is not a broker"),
        (
            {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "PLAINTEXT://a:1"},
            "has a protocol: write host:port",
        ),
        ({"EVENTER_KAFKA__BOOTSTRAP_SERVERS": ", "}, "', ' names no broker: write host:port"),
        (
            {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "me:hidden@a:1"},
            "'a:1' has a login: write host:port, and set sasl_username",
        ),
        ({"EVENTER_URL": "http://a b"}, "'http://a b' is not the URL of a service"),
        ({"EVENTER_KAFKA__DELIVRY": "x"}, "EVENTER_KAFKA__DELIVRY: there is no setting"),
        ({"EVENTER_KAFKA": "x"}, "EVENTER_KAFKA: kafka: must be an object"),
        (
            {"EVENTER_KAFKA": "x", "EVENTER_KAFKA__DELIVERY": "auto"},
            "'kafka' is a single value, not a table",
        ),
        (
            {"EVENTER_KAFKA__DELIVERY": "auto", "EVENTER_KAFKA": "x"},
            "'kafka' is a table, not a single value",
        ),
        ({"EVENTER_LIMITS__BODY_SECONDS": "nan"}, "body_seconds: must be a finite number"),
        ({"EVENTER_LIMITS__EVENTS_PER_SECOND": "inf"}, "must be a finite number"),
        ({"EVENTER_LIMITS__HEADER_SECONDS": "0"}, "header_seconds: must be at least 0.001"),
        ({"EVENTER_POSTGRES__STATEMENT_TIMEOUT": "1e300"}, "must be at most 86400"),
        ({"EVENTER_LIMITS__EVENTS_PER_SECOND": "-1"}, "must be greater than 0"),
        ({"EVENTER_LIMITS__WORKER_MEMORY_BYTES": "9" * 30}, "must be at most 1125899906842624"),
        ({"EVENTER_LIMITS__CONNECTIONS": "9" * 30}, "must be at most 1000000"),
        ({"EVENTER_WORKERS": "9" * 5000}, "workers: must be an integer"),
        ({"EVENTER_CONFIG": "missing.toml"}, "cannot read missing.toml: No such file"),
        ({"EVENTER_TOKEN_FILE": "missing"}, "cannot read the file in EVENTER_TOKEN_FILE"),
        (
            {"EVENTER_TOKEN_FILE": "x", "EVENTER_TOKEN": "y"},
            "EVENTER_TOKEN_FILE and EVENTER_TOKEN are both set",
        ),
    ],
)
def test_mistakes_in_the_environment_name_the_variable(environ, message):
    assert message in refused(environ).message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port = \n", "1: the value is missing or not valid: texts need quotes"),
        ("port = 1\nhost = local", "2: the value is missing or not valid: texts need quotes"),
        ("port = 1\nport = 2", "2: the setting or table is defined twice"),
        ("[kafka]\n[kafka]\n", "2: the setting or table is defined twice"),
        ("[kafka\n", "1: the closing ']' of a table's name is missing"),
        ("kafka:\n  port: 1", "1: '=' is missing after the name of a setting"),
        ("host = 'a\n", "1: the text has no closing quote"),
        ('host = "a\nport = 1', "1: the text has no closing quote"),
        (
            'data_dir = "C:\\Users"',
            "1: a text has an unknown escape: write \\\\ for a backslash, or use single quotes",
        ),
        ("allowed_hosts = ['a'\nport = 1", "2: ',' or the closing ']' of a list is missing"),
        ("port = 1 2", "1: text follows the value"),
        ("= 1", "1: a setting is written as name = value"),
    ],
)
def test_an_invalid_toml_file_is_reported_with_its_line(text, message):
    """Without the words of Python's parser."""
    write(text)
    assert refused().message == f"eventer.toml:{message}"


def test_a_byte_order_mark_is_ignored():
    write("\ufeffport = 1")
    assert load_settings(environ={}).settings.port == 1


def test_values_of_another_type_are_reported_in_our_words():
    write("port = [1]\nallowed_hosts = 3\ndata_dir = 4\nlibrary = true\nlimits = 1\n")
    assert refused().message.splitlines() == [
        "eventer.toml:1: port: must be an integer",
        "eventer.toml:2: allowed_hosts: must be a list",
        "eventer.toml:3: data_dir: must be the path of a file or folder",
        "eventer.toml:4: library: must be the path of a file or folder",
        "eventer.toml:5: limits: must be an object",
    ]


def test_booleans_are_not_numbers():
    write(
        "workers = true\n[postgres]\nconnect_timeout = false\n[connections.a]\n"
        "type = 'kafka'\nledger_retention_hours = true\nssl_check_hostname = false\n"
    )
    assert refused().message.splitlines() == [
        "eventer.toml:1: workers: must be an integer",
        "eventer.toml:3: postgres.connect_timeout: must be a number",
        "eventer.toml:6: connections.a.ledger_retention_hours: must be a number",
    ]


def test_foreign_variables_of_our_prefix_are_only_warned_about():
    loaded = load_settings(environ={"EVENTER_XYZZY": "1", "EVENTER_PG_BIN": "/x"})
    assert loaded.warnings == ("EVENTER_XYZZY is not a setting and has no effect",)


def test_secrets_come_from_files_too():
    Path("secret").write_text("s3cret\n")
    Path("dsn").write_text("postgresql://me:s3cret@db/x\n")
    write("[connections.orders]\ntype = 'kafka'\nsasl_password_file = 'secret'\n")
    environ = {"EVENTER_TOKEN_FILE": "secret", "EVENTER_POSTGRES__DSN_FILE": "dsn"}
    settings = load_settings(environ=environ).settings
    assert settings.token.get_secret_value() == "s3cret"
    assert settings.postgres.dsn.get_secret_value() == "postgresql://me:s3cret@db/x"
    assert settings.connections["orders"].sasl_password.get_secret_value() == "s3cret"


@family(
    "address",
    [
        "me:hidden@h:1",
        "SASL_SSL://me:hidden@h:1",
        "http://me:hidden@h:x",
        "http://me:hid/hidden@h",
        "me:hidden@h:x",
        "ftp://me:hid@hidden@h",
        "http://me:hid#hidden@h:x",
    ],
)
@pytest.mark.parametrize(
    "variable",
    ["KAFKA__BOOTSTRAP_SERVERS", "KAFKA__SCHEMA_REGISTRY_URL", "HTTP__URL"],
)
def test_a_refused_address_does_not_show_its_login(variable, address):
    message = refused({f"EVENTER_{variable}": address}).message
    assert "hid" not in message
    assert "me:" not in message


def test_no_secret_is_ever_shown():
    keys = set(secret_keys(Settings))
    assert {("token",), ("kafka", "sasl_password"), ("connections", "*", "dsn")} <= keys
    forms = {"dsn": "postgresql://me:{}@db", "headers": "Authorization: {}"}
    own_forms = {
        ("mysql", "dsn"): "mysql://me:{}@db/shop",
        ("registry",): "postgresql://me:{}@db",
    }
    connections = {"dsn": "PG", "password": "PG", "headers": "HT"}
    environ = {
        "EVENTER_" + "__".join(key).upper().replace("*", connections.get(key[-1], "KA")): (
            own_forms.get(key, forms.get(key[-1], "{}")).format(f"x{number}hidden")
        )
        for number, key in enumerate(sorted(keys))
    }
    environ |= {
        "EVENTER_CONNECTIONS__PG__TYPE": "postgres",
        "EVENTER_CONNECTIONS__KA__TYPE": "kafka",
        "EVENTER_CONNECTIONS__HT__TYPE": "http",
    }
    loaded = load_settings(environ=environ)
    shown = shown_settings(loaded)
    assert not [setting for setting in shown if "hidden" in str(setting.value)]
    assert "hidden" not in repr(loaded)
    assert sum("********" in str(setting.value) for setting in shown) == len(keys)


def test_config_show_prints_values_and_origins():
    write("port = 1\nallowed_hosts = ['a', 'b']\n")
    shown = {s.name: (s.value, s.origin) for s in shown_settings(load_settings(environ={}))}
    assert shown["port"] == ("1", "eventer.toml:1")
    assert shown["allowed_hosts"] == ("a, b", "eventer.toml:2")
    assert shown["token"] == (None, "default")
    assert shown["kafka.ssl_check_hostname"] == ("true", "default")


@family(
    ("secret", "shown"),
    [
        ("postgresql://u:pw@h:5432/db?password=x", "postgresql://u:********@h:5432/db?********"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://h/db", "postgresql://h/db"),
        ("host=h password=x", "********"),
        ("p@ss://", "********"),
        ("http://[", "********"),
        ("https://a-token", "********"),
        ("postgresql://u:p#w@h/db", "********"),
    ],
)
def test_urls_are_shown_without_secrets(secret, shown):
    assert mask(secret) == shown


@family(
    ("host", "token", "allowed"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("example.org", None, False),
        ("0.0.0.0", "t", True),
    ],
)
def test_only_a_token_lets_others_in(host, token, allowed):
    settings = Settings(host=host, token=token)
    if allowed:
        check_bind(settings)
    else:
        with pytest.raises(ConfigError, match="everyone who can reach"):
            check_bind(settings)


def test_a_reading_token_alone_is_refused():
    with pytest.raises(ConfigError, match="has no effect without"):
        check_bind(Settings(read_token="r"))


def test_lines_of_keys():
    text = 'a = 1\n"b.c" = 2\n[t]\nx.y = 3\n[t.u]\n[[list]]\nz = 4\n'
    assert key_lines(text) == {
        ("a",): 1,
        ("b.c",): 2,
        ("t",): 3,
        ("t", "x", "y"): 4,
        ("t", "u"): 5,
        ("t", "u", "z"): 7,
    }


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("EVENTER_POSTGRES__DSN", "postgres.dsn"),
        ("EVENTER_CONNECTIONS__OTHER__DSN", "connections.other.dsn"),
    ],
)
def test_a_malformed_dsn_is_an_error_that_does_not_show_it(variable, key):
    environ = {variable: "postgresql://me:hid#den@db/events"}
    environ |= {"EVENTER_CONNECTIONS__OTHER__TYPE": "postgres"} if "OTHER" in variable else {}
    error = refused(environ)
    assert error.key == key
    assert error.message.startswith(f"{variable}: {key}: ")
    assert "percent-encode" in error.hint
    assert not any(part in f"{error.message} {error.hint}" for part in ("hid", "den", "me:"))


def test_traces_need_their_packages(monkeypatch):
    check_traces(Settings(traces=True))
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    check_traces(Settings())
    with pytest.raises(ConfigError, match="not installed") as raised:
        check_traces(Settings(traces=True))
    assert "`otel`" in (raised.value.hint or "")
