"""The registry that several services share: a database that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.registry.postgres import PostgresRegistry
from eventer.settings import Settings

_CONNECT_SECONDS: Final = 5.0
_STATEMENT_SECONDS: Final = 10.0


@asynccontextmanager
async def shared_registry(settings: Settings) -> AsyncIterator[PostgresRegistry]:
    """Opens the registry in PostgreSQL for the block; `settings.registry` is set.

    Raises:
        RegistryError: it cannot be opened.
    """
    assert settings.registry is not None
    database = PostgresSettings(
        settings.registry.get_secret_value(),
        connect_timeout=_CONNECT_SECONDS,
        statement_timeout=_STATEMENT_SECONDS,
    )
    async with await PostgresRegistry.open(
        lambda: connect(database), shards=settings.shards
    ) as registry:
        yield registry
