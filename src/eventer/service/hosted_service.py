"""Runs the service in this process, and the embedded servers of `eventer dev`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from eventer.core.errors import ConfigError
from eventer.core.logs import event
from eventer.embedded.kafka import DELIVERY_GUARANTEE, EmbeddedKafka
from eventer.embedded.postgres import EmbeddedPostgres
from eventer.registry.base import Cluster, Registry
from eventer.registry.sqlite import REGISTRY_FILE_NAME, SqliteRegistry
from eventer.service.eventer import Eventer
from eventer.settings import Settings
from eventer.settings.model import KafkaConnection, PostgresConnection

_log = logging.getLogger(__name__)
VOLATILE_CONNECTIONS: Final = ("kafka",)
"""Connections whose server loses its data when it stops."""
_REGISTRY_SETTINGS: Final = tuple(
    name for name in KafkaConnection.model_fields if name.startswith("schema_registry_")
)


@dataclass(frozen=True, slots=True)
class EmbeddedServers:
    """A running broker and a running database."""

    kafka: EmbeddedKafka
    postgres: EmbeddedPostgres

    def connect(self, settings: Settings) -> Settings:
        """The settings with both default connections on these servers.

        The schema registry stays: there is no embedded one.
        """
        registry = {name: getattr(settings.kafka, name) for name in _REGISTRY_SETTINGS}
        kafka = KafkaConnection(
            **registry,
            bootstrap_servers=self.kafka.bootstrap_servers,
            delivery=DELIVERY_GUARANTEE,
            compression="none",  # clients can read it without an extra package
        )
        postgres = PostgresConnection(dsn=SecretStr(self.postgres.dsn))
        return settings.model_copy(update={"kafka": kafka, "postgres": postgres})

    def check_running(self) -> None:
        """Checks that both servers run.

        Raises:
            ConfigError: one of them has exited.
        """
        for name, server in (("Kafka broker", self.kafka), ("PostgreSQL", self.postgres)):
            if not server.running():
                raise ConfigError(f"the embedded {name} has exited unexpectedly")


@asynccontextmanager
async def embedded_servers(data_dir: Path) -> AsyncIterator[EmbeddedServers]:
    """Runs both servers during the block; their files are in `data_dir`, which exists.

    Raises:
        ConfigError: a server is not installed or does not start.
    """
    kafka = EmbeddedKafka(log_file=data_dir / "kafka.log")
    postgres = EmbeddedPostgres(data_dir / "postgres")
    async with AsyncExitStack() as stack:
        await asyncio.gather(stack.enter_async_context(kafka), stack.enter_async_context(postgres))
        yield EmbeddedServers(kafka, postgres)


@asynccontextmanager
async def hosted_eventer(
    settings: Settings, *, embedded: Collection[str] = ()
) -> AsyncIterator[Eventer]:
    """Runs a service with the registry of its data directory; `embedded` is as for `Eventer`.

    Raises:
        RegistryError: the registry cannot be opened, or another service uses it.
    """
    path = settings.data_dir / REGISTRY_FILE_NAME
    async with (
        await SqliteRegistry.open(path, shards=settings.shards) as registry,
        started_eventer(settings, registry, embedded=embedded) as eventer,
    ):
        yield eventer


@asynccontextmanager
async def started_eventer(
    settings: Settings, registry: Registry, *, embedded: Collection[str] = ()
) -> AsyncIterator[Eventer]:
    """Runs a service with this registry during the block; `embedded` is as for `Eventer`.

    Raises:
        RegistryError: the registry cannot be read.
    """
    warn_of_shards(settings, registry.cluster)
    eventer = Eventer(settings, registry, embedded=embedded)
    await eventer.start()
    try:
        yield eventer
    finally:
        await eventer.stop()


def warn_of_shards(settings: Settings, cluster: Cluster) -> None:
    """Warns of a number of shards that differs from that of an existing registry."""
    if "shards" in settings.model_fields_set and settings.shards != cluster.shards:
        _log.warning(
            "the setting shards=%d has no effect: the registry was created with %d",
            settings.shards,
            cluster.shards,
            extra=event("shards_ignored", shards=cluster.shards),
        )
