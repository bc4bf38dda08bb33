"""One of several services on one registry: it stands by until it is the leader."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from eventer.api.guard import Guard
from eventer.cli.hosting import prepare_hosting, routes_and_studio, served_at, serving
from eventer.cli.serve import STOPPING, announce
from eventer.cli.signals import ShutdownSignal
from eventer.cli.standby import StandbyApp, SwitchedApp
from eventer.client.forwarding import Forwarder
from eventer.core.errors import ConfigError, RestartRequiredError
from eventer.service.hosted_service import started_eventer
from eventer.service.leadership import Leadership
from eventer.service.shared_registry import shared_registry

if TYPE_CHECKING:
    from eventer.settings import Settings

_ALL_ADDRESSES: Final = ("0.0.0.0", "::", "[::]")  # noqa: S104  compared, not bound


async def serve_replica(settings: Settings, listener: socket.socket, end: ShutdownSignal) -> None:
    """Serves until a signal ends it.

    Raises:
        ConfigError: other machines could use it without a token, or its URL is not known.
        RegistryError: the registry cannot be opened, or another service has become the leader.
    """
    prepare_hosting(settings)
    url = _advertised_url(settings, listener)
    async with AsyncExitStack() as stack:
        leadership = Leadership(await stack.enter_async_context(shared_registry(settings)), url)
        forwarder = Forwarder()
        stack.push_async_callback(forwarder.close)
        app = SwitchedApp(Guard(StandbyApp(lambda: leadership.leader_url, forwarder), settings))
        await stack.enter_async_context(serving(app, settings, listener))
        announce(f"eventer listens on {served_at(listener)}", "service_started", url=url)
        await leadership.acquire()
        # A start with many generators may take longer than the lease.
        holding = asyncio.create_task(leadership.hold())
        stack.callback(holding.cancel)
        await _lead(settings, leadership, holding, app, end)


def _advertised_url(settings: Settings, listener: socket.socket) -> str:
    """The URL at which the other services reach this one.

    Raises:
        ConfigError: it is not set, and the service listens on all addresses.
    """
    if settings.advertise_url is not None:
        return settings.advertise_url
    if settings.host in _ALL_ADDRESSES:
        raise ConfigError(
            f"the other services on the registry cannot reach this one at {settings.host}",
            key="advertise_url",
            hint="set EVENTER_ADVERTISE_URL to the URL of this service, such as "
            "http://eventer-1.internal:9099",
        )
    return served_at(listener)


async def _lead(
    settings: Settings,
    leadership: Leadership,
    holding: asyncio.Task[RestartRequiredError],
    app: SwitchedApp,
    end: ShutdownSignal,
) -> None:
    """Runs the service until a signal ends it, or another service is the leader.

    The lease is kept until all in-flight events are committed.
    """
    async with started_eventer(settings, leadership.registry) as eventer:
        studio = routes_and_studio(eventer, settings)
        standby, app.app = app.app, Guard(studio, settings)
        announce("this service is the leader", "service_leads")
        ending = asyncio.create_task(end.wait())
        await asyncio.wait([holding, ending], return_when=asyncio.FIRST_COMPLETED)
        app.app = standby
        await studio.stop()
        ending.cancel()
        if holding.done():
            raise holding.result()
        announce(STOPPING, "service_stopping")
