"""How a database is named, and what is never shown."""

import pickle

import asyncpg
import pytest

from eventer.core.errors import DestinationUnavailableError, UnknownOutcomeError
from eventer.destinations.postgres.errors import Verdict, committing, judge, translated
from eventer.destinations.postgres.settings import PostgresSettings

DSN = "postgresql://me:hidden@db.example:5433/events?sslmode=require&channel_binding=require"


def test_what_libpq_alone_understands_is_left_out() -> None:
    settings = PostgresSettings(DSN + "&connect_timeout=3&application_name=mine")
    assert settings.client_dsn == (
        "postgresql://me:hidden@db.example:5433/events?sslmode=require&application_name=mine"
    )


def test_secrets_are_in_no_text() -> None:
    settings = PostgresSettings(DSN, password="hidden too")
    assert settings.address == "db.example:5433/events"
    assert "hidden" not in repr(settings)
    assert PostgresSettings("postgresql:///events").address == "localhost/events"


def postgres_error(state: str) -> asyncpg.PostgresError:
    error = asyncpg.PostgresError("as it said")
    error.sqlstate = state
    return error


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("57P01", Verdict.LOST),
        ("08006", Verdict.LOST),
        ("53300", Verdict.LOST),
        ("25006", Verdict.LOST),
        ("40P01", Verdict.BUSY),
        ("55P03", Verdict.BUSY),
        ("57014", Verdict.BUSY),
        ("42P01", Verdict.STALE),
        ("42703", Verdict.STALE),
        ("42P10", Verdict.STALE),
        ("3F000", Verdict.STALE),
        ("42501", Verdict.REFUSED),
        ("22P02", Verdict.REFUSED),
        ("08P01", Verdict.REFUSED),
        ("23514", Verdict.REFUSED),
        ("P0001", Verdict.REFUSED),
        ("XX000", Verdict.REFUSED),
    ],
)
def test_verdicts(state: str, verdict: Verdict) -> None:
    assert judge(postgres_error(state)) is verdict


@pytest.mark.parametrize("error", [OSError("gone"), TimeoutError(), asyncpg.InterfaceError("x")])
def test_a_client_without_connection_has_lost_it(error: Exception) -> None:
    assert judge(error) is Verdict.LOST
    with pytest.raises(DestinationUnavailableError, match=r"db/x") as caught, translated("db/x"):
        raise error
    assert caught.value.__cause__ is error
    with pytest.raises(UnknownOutcomeError), committing("db/x"):
        raise error


def test_errors_cross_processes() -> None:
    with pytest.raises(DestinationUnavailableError) as caught, translated("db/x"):
        raise postgres_error("57P01")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.message == caught.value.message
    assert copy.transient
