"""Fixtures: databases for services."""

import pytest


@pytest.fixture
def postgres_dsn(database):
    """A database for this test only."""
    return database.dsn
