"""Opens the registry and starts the service in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from eventer.registry.sqlite import REGISTRY_FILE_NAME, SqliteRegistry
from eventer.service.eventer import Eventer
from eventer.settings import Settings


@asynccontextmanager
async def started_eventer(
    settings: Settings, *, embedded: Collection[str] = ()
) -> AsyncIterator[Eventer]:
    """Runs a service during the block; `embedded` is as for `Eventer`.

    Raises:
        RegistryError: the registry cannot be opened, or another service uses it.
    """
    path = settings.data_dir / REGISTRY_FILE_NAME
    async with await SqliteRegistry.open(path, shards=settings.shards) as registry:
        eventer = Eventer(settings, registry, embedded=embedded)
        await eventer.start()
        try:
            yield eventer
        finally:
            await eventer.stop()
