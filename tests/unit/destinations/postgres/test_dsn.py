"""The forms of a DSN; errors show nothing of a malformed one."""

import traceback
from pathlib import Path

import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args
from hypothesis import given
from hypothesis import strategies as st

from eventer.core.errors import ConfigError
from eventer.destinations.postgres.dsn import parse_dsn
from tests.families import family

SECRET = "Hidden7"
MALFORMED = [
    f"postgresql://me:{SECRET}#x@db/events",
    f"postgresql://me:{SECRET}/x@db/events",
    f"postgresql://me:{SECRET}?x@db/events",
    f"postgresql://me:{SECRET}?x=y@db/events",
    f"postgresql://me:{SECRET}[x@db/events",
    f"postgresql://me:{SECRET}@x@db/events",
    f"postgresql://me:{SECRET}%x@db/events",
    f"postgresql://me:{SECRET} x@db/events",
    f"postgresql://me:{SECRET}%00@db/events",
    f"postgresql://me:{SECRET}",
    f"postgresql://me:{SECRET}/events",
    f"postgresql://db/events?{SECRET}",
    f"postgresql://db/events?password={SECRET}#x",
    f"postgresql://db/events?port={SECRET}",
    f"postgresql:me:{SECRET}@db/events",
    f"postgresql:/me:{SECRET}@db/events",
    f"mysql://me:{SECRET}@db/events",
    f"me:{SECRET}@db/events",
    SECRET,
    f"host=db password='{SECRET}",
    f"host=db password={SECRET} {SECRET}",
    f"host=db password={SECRET} {SECRET}=x",
    f"host=db {SECRET}",
    f"host=db port={SECRET}",
    f"host=db sslmode={SECRET}",
    f"postgresql://db/events?target_session_attrs={SECRET}",
    f"{SECRET}=x",
]


@family("text", MALFORMED)
def test_errors_show_no_part_of_a_malformed_dsn(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_dsn(text)
    shown = "".join(traceback.format_exception_only(caught.value)) + str(caught.value.hint)
    assert SECRET not in shown
    assert "me:" not in shown


def connection_arguments(uri: str) -> tuple:
    """Addresses, user, password and database as the client reads them from a URI."""
    addresses, parameters, *_ = _parse_connect_dsn_and_args(
        dsn=uri, host=None, port=None, user=None, password=None, passfile=None, database=None,
        ssl=None, service=None, servicefile=None, direct_tls=None, server_settings=None,
        target_session_attrs=None, krbsrvname=None, gsslib=None,
    )  # fmt: skip
    return addresses, parameters.user, parameters.password, parameters.database


@family(
    ("text", "arguments", "address"),
    [
        (
            "postgresql://me:a%40b%2F%23%3F%5B:c@db:5433/events",
            ([("db", 5433)], "me", "a@b/#?[:c", "events"),
            "db:5433/events",
        ),
        (
            "postgres://me@one:1,two:2/events?password=a%2Bb+c%20d",
            ([("one", 1), ("two", 2)], "me", "a+b+c d", "events"),
            "one:1,two:2/events",
        ),
        (
            " host=db port = 5433 user=me password='it\\'s a \\\\ \"secret\"' dbname=events ",
            ([("db", 5433)], "me", 'it\'s a \\ "secret"', "events"),
            "db:5433/events",
        ),
        (
            "host=db user=me password=a@b/c#d?e[f dbname=events sslmode=disable",
            ([("db", 5432)], "me", "a@b/c#d?e[f", "events"),
            "db/events",
        ),
        ("postgresql://me:pw@[::1]:7/x", ([("::1", 7)], "me", "pw", "x"), "[::1]:7/x"),
        (
            "postgresql://me:pw@/x?host=db&connect_timeout=3",
            ([("db", 5432)], "me", "pw", "x"),
            "db/x",
        ),
    ],
)
def test_accepted_forms(text: str, arguments: tuple, address: str) -> None:
    dsn = parse_dsn(text)
    assert connection_arguments(dsn.uri) == arguments
    assert dsn.address == address
    assert arguments[2] not in repr(dsn)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1))
def test_a_quoted_password_has_any_characters(password: str) -> None:
    quoted = password.replace("\\", "\\\\").replace("'", "\\'")
    dsn = parse_dsn(f"host=db user=me password='{quoted}' dbname=x")
    assert connection_arguments(dsn.uri)[2] == password


@family(
    ("parameters", "missing"),
    [
        ("sslmode=verify-full&sslrootcert=/missing/ca.pem", "sslrootcert=/missing/ca.pem"),
        ("sslmode=require&sslcrl=/missing/crl", "sslcrl=/missing/crl"),
        ("sslcert=/missing/c.pem&sslrootcert=/missing/ca.pem", "sslcert=/missing/c.pem"),
        ("sslmode=verify-ca&sslrootcert=/dev/null", None),
        ("sslrootcert=/missing/ca.pem", None),
        ("sslmode=disable&sslkey=/missing/key", None),
    ],
)
def test_a_missing_file_is_named_if_the_client_reads_it(
    parameters: str, missing: str | None
) -> None:
    assert parse_dsn(f"postgresql://h/d?{parameters}").missing_file() == missing


def test_a_file_in_a_private_folder_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run as root, who may look into each folder."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    dsn = parse_dsn("postgresql://h/d?sslkey=/private/key&sslmode=require")
    with monkeypatch.context() as patched:
        patched.setattr("os.stat", refuse)
        missing = dsn.missing_file()
    assert missing == "sslkey=/private/key"


@pytest.fixture
def service_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of services, which alone is read."""
    file = tmp_path / "services"
    file.write_text(
        "# of the team\n[shop]\nhost=db\nport=5433\nuser=me\npassword=a%b@c;d\ndbname=events\n"
        "[odd]\nhost=db\nshard=1\n[wrong]\nport=x\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.delenv("PGSYSCONFDIR", raising=False)
    return file


@family(
    ("text", "arguments", "address"),
    [
        ("service=shop", ([("db", 5433)], "me", "a%b@c;d", "events"), "db:5433/events"),
        (
            "service=shop dbname=other user=you",
            ([("db", 5433)], "you", "a%b@c;d", "other"),
            "db:5433/other",
        ),
        (
            "postgresql://you:pw@two/other?service=shop",
            ([("two", 5432)], "you", "pw", "other"),
            "two/other",
        ),
        (
            "postgresql://?service=shop",
            ([("db", 5433)], "me", "a%b@c;d", "events"),
            "db:5433/events",
        ),
    ],
)
def test_a_service_adds_what_the_dsn_does_not_give(
    text: str, arguments: tuple, address: str, service_file: Path
) -> None:
    dsn = parse_dsn(text)
    assert connection_arguments(dsn.uri) == arguments
    assert dsn.address == address


@family(
    ("service", "said"),
    [
        ("none", "service that is not defined"),
        ("odd", "does not know: shard"),
        ("wrong", "a port of the DSN is not a number"),
    ],
)
def test_an_unusable_service_is_an_error(service: str, said: str, service_file: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_dsn(f"service={service}")


def test_a_malformed_service_file_is_named_and_not_shown(service_file: Path) -> None:
    service_file.write_text(f"password={SECRET}")
    with pytest.raises(ConfigError, match=str(service_file)) as caught:
        parse_dsn("service=shop")
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + str(caught.value.hint)


def test_the_file_of_the_system_is_read_after_that_of_the_user(
    tmp_path: Path, service_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg_service.conf").write_text("[shop]\nhost=far\n[stock]\nhost=stock\n")
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path))
    assert parse_dsn("service=shop").address == "db:5433/events"
    assert parse_dsn("service=stock").address == "stock"
