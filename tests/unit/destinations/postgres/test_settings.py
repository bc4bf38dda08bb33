"""How a database is named, and what is never shown."""

import pickle

import asyncpg
import pytest

from eventer.core.errors import DestinationUnavailableError, UnknownOutcomeError
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    translate_commit_errors,
    translate_errors,
)
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
    ("state", "category"),
    [
        ("57P01", ErrorCategory.CONNECTION_LOST),
        ("08006", ErrorCategory.CONNECTION_LOST),
        ("53300", ErrorCategory.CONNECTION_LOST),
        ("25006", ErrorCategory.CONNECTION_LOST),
        ("40P01", ErrorCategory.BUSY),
        ("55P03", ErrorCategory.BUSY),
        ("57014", ErrorCategory.BUSY),
        ("42P01", ErrorCategory.SCHEMA_CHANGED),
        ("42703", ErrorCategory.SCHEMA_CHANGED),
        ("42P10", ErrorCategory.SCHEMA_CHANGED),
        ("3F000", ErrorCategory.SCHEMA_CHANGED),
        ("42501", ErrorCategory.REJECTED),
        ("22P02", ErrorCategory.REJECTED),
        ("08P01", ErrorCategory.REJECTED),
        ("23514", ErrorCategory.REJECTED),
        ("P0001", ErrorCategory.REJECTED),
        ("XX000", ErrorCategory.REJECTED),
    ],
)
def test_error_categories(state: str, category: ErrorCategory) -> None:
    assert classify_error(postgres_error(state)) is category


@pytest.mark.parametrize("error", [OSError("gone"), TimeoutError(), asyncpg.InterfaceError("x")])
def test_a_client_without_connection_has_lost_it(error: Exception) -> None:
    assert classify_error(error) is ErrorCategory.CONNECTION_LOST
    with (
        pytest.raises(DestinationUnavailableError, match=r"db/x") as caught,
        translate_errors("db/x"),
    ):
        raise error
    assert caught.value.__cause__ is error
    with pytest.raises(UnknownOutcomeError), translate_commit_errors("db/x"):
        raise error


def test_errors_cross_processes() -> None:
    with pytest.raises(DestinationUnavailableError) as caught, translate_errors("db/x"):
        raise postgres_error("57P01")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.message == caught.value.message
    assert copy.transient
