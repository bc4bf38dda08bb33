"""Fixtures: databases for services."""

import pytest


@pytest.fixture
def postgres_dsn(database):
    """A database for this test only."""
    return database.dsn


@pytest.fixture(scope="module")
def postgres_module_dsn(postgres):
    """A database for this module only."""
    with postgres.fresh_database() as created:
        yield created.dsn
