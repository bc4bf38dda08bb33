"""Which of the services on one registry is the leader: it alone delivers and changes generators."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from eventer.core.errors import RestartRequiredError
from eventer.core.logs import event
from eventer.registry.postgres import Lease, PostgresRegistry
from eventer.registry.postgres_session import RegistryUnreachableError

_log: Final = logging.getLogger(__name__)
RENEW_SECONDS: Final = 1.5
_POLL_SECONDS: Final = 0.5


class Leadership:
    """The part of one service, reachable at `url`, in the choice of the leader."""

    def __init__(self, registry: PostgresRegistry, url: str) -> None:
        self.registry = registry
        self._url = url
        self._lease: Lease | None = None

    @property
    def leader_url(self) -> str | None:
        """The URL of the leader, if there is one and the registry could be read."""
        lease = self._lease
        return lease.url if lease is not None and lease.is_held else None

    async def acquire(self) -> None:
        """Waits until this service is the leader."""
        while not await self._try_acquire():  # noqa: ASYNC110  another service decides
            await asyncio.sleep(_POLL_SECONDS)
        _log.info(
            "this service is the leader now: %s",
            self._url,
            extra=event("leader_acquired", url=self._url),
        )

    async def _try_acquire(self) -> bool:
        try:
            if await self.registry.acquire(self._url):
                return True
            self._lease = await self.registry.lease()
        except RegistryUnreachableError as error:
            self._note_unreachable(error)
        return False

    def _note_unreachable(self, error: RegistryUnreachableError) -> None:
        if self._lease is not None:
            _log.warning("%s", error.message, extra=event("registry_unreachable"))
        self._lease = None

    async def hold(self) -> RestartRequiredError:
        """Renews the lease until this service must stop; returns the reason.

        While the database is not reachable, no service can take the lease over: the leader goes on.
        """
        while True:
            lost = await self.registry.wait_until_lost(RENEW_SECONDS)
            if lost is None:
                lost = await self._renew()
            if lost is not None:
                _log.error("%s", lost.message, extra=event("leader_lost", url=self._url))
                return lost

    async def _renew(self) -> RestartRequiredError | None:
        try:
            await self.registry.renew()
        except RegistryUnreachableError as error:
            self._note_unreachable(error)
            return None
        except RestartRequiredError as error:
            return error
        self._lease = Lease(0, self._url, is_held=True)
        return None
