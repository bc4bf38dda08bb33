"""One of several services on one registry: it stands by until it is the leader."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from eventer.api.guard import Guard
from eventer.cli.hosting import prepare_hosting, routes_and_studio, served_at, serving
from eventer.cli.serve import STOPPING, announce
from eventer.cli.signals import ShutdownSignal
from eventer.cli.standby import StandbyApp, SwitchedApp
from eventer.client.forwarding import Forwarder
from eventer.service.hosted_service import started_eventer
from eventer.service.leadership import Leadership
from eventer.service.shared_registry import shared_registry

if TYPE_CHECKING:
    from eventer.settings import Settings


async def serve_replica(settings: Settings, listener: socket.socket, end: ShutdownSignal) -> None:
    """Serves until a signal ends it.

    Raises:
        ConfigError: other machines could use it without a token.
        RegistryError: the registry cannot be opened, or another service has become the leader.
    """
    prepare_hosting(settings)
    url = settings.advertise_url or served_at(listener)
    async with AsyncExitStack() as stack:
        leadership = Leadership(await stack.enter_async_context(shared_registry(settings)), url)
        forwarder = Forwarder()
        stack.push_async_callback(forwarder.close)
        app = SwitchedApp(Guard(StandbyApp(lambda: leadership.leader_url, forwarder), settings))
        await stack.enter_async_context(serving(app, settings, listener))
        announce(f"eventer listens on {served_at(listener)}", "service_started", url=url)
        await leadership.acquire()
        await _lead(settings, leadership, app, end)


async def _lead(
    settings: Settings, leadership: Leadership, app: SwitchedApp, end: ShutdownSignal
) -> None:
    """Runs the service until a signal ends it, or another service is the leader."""
    async with started_eventer(settings, leadership.registry) as eventer:
        studio = routes_and_studio(eventer, settings)
        standby, app.app = app.app, Guard(studio, settings)
        announce("this service is the leader", "service_leads")
        holding = asyncio.create_task(leadership.hold())
        ending = asyncio.create_task(end.wait())
        await asyncio.wait([holding, ending], return_when=asyncio.FIRST_COMPLETED)
        app.app = standby
        await studio.stop()
        ending.cancel()
        if holding.done():
            raise holding.result()
        announce(STOPPING, "service_stopping")
        # The lease is kept until all in-flight events are committed.
    holding.cancel()
