"""The categories of errors, and their translation."""

import pickle

import asyncpg
import pytest

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    UnknownOutcomeError,
)
from eventer.destinations.postgres.errors import (
    ErrorCategory,
    classify_error,
    rejected_error,
    translate_commit_errors,
    translate_errors,
)
from tests.families import family


def postgres_error(state: str) -> asyncpg.PostgresError:
    error = asyncpg.PostgresError("message")
    error.sqlstate = state
    return error


@family(
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
def test_errors_of_the_client_mean_a_lost_connection(error: Exception) -> None:
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


def test_the_detail_of_the_server_is_printed_once() -> None:
    fields = {"C": "23505", "M": "duplicate key", "D": "Key (id)=(1) exists.", "H": "do"}
    error = rejected_error("db/x", asyncpg.PostgresError.new(fields))
    assert (
        error.message
        == "PostgreSQL at db/x rejects the request: duplicate key (Key (id)=(1) exists.)"
    )
    assert error.hint == "do"


@pytest.mark.parametrize("state", ["26000", "42P05"])
def test_a_pool_in_transaction_mode_is_rejected(state: str) -> None:
    """Another session has the prepared statements. The note of the client is not shown."""
    error = asyncpg.PostgresError.new({"C": state, "M": 'prepared statement "x" does not exist'})
    with (
        pytest.raises(DestinationRejectedError, match="transaction mode") as caught,
        translate_errors("db/x"),
    ):
        raise error
    assert "session mode" in caught.value.hint
    assert "pgbouncer" not in caught.value.message
