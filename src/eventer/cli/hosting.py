"""Runs the service and its HTTP API in this process."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from eventer.api.app import create_routes
from eventer.api.guard import Guard
from eventer.api.time_limited_protocol import protocol_class
from eventer.core.logs import LogSettings, configure_logging
from eventer.service.eventer import Eventer
from eventer.service.hosted_service import hosted_eventer
from eventer.settings.model import Settings, check_bind, check_traces
from eventer.web.studio import Studio, is_installed

_GRACE_SECONDS = 5
_OTHER_FILES = 256


@dataclass(frozen=True, slots=True)
class RunningService:
    """A running service, its HTTP server, and the studio that it serves."""

    eventer: Eventer
    url: str
    server: asyncio.Task[None]
    studio: Studio


@asynccontextmanager
async def run_service(
    settings: Settings, listener: socket.socket, *, embedded: Collection[str] = ()
) -> AsyncIterator[RunningService]:
    """Runs the service and its API during the block.

    Raises:
        ConfigError: other machines could use it without a token; it cannot export traces.
        RegistryError: the registry cannot be opened.
    """
    prepare_hosting(settings)
    async with hosted_eventer(settings, embedded=embedded) as eventer:
        studio = routes_and_studio(eventer, settings)
        async with serving(Guard(studio, settings), settings, listener) as task:
            try:
                yield RunningService(eventer, served_at(listener), task, studio)
            finally:
                await studio.stop()


def prepare_hosting(settings: Settings) -> None:
    """Checks the settings, and raises the limit of open files.

    Raises:
        ConfigError: other machines could use it without a token; it cannot export traces.
    """
    check_bind(settings)
    check_traces(settings)
    _raise_file_limit(settings.limits.connections + _OTHER_FILES)


def routes_and_studio(eventer: Eventer, settings: Settings) -> Studio:
    """The routes of the API and the pages of the studio, without a guard."""
    routes = create_routes(eventer, settings)
    return Studio(routes, eventer, token=settings.token is not None)


@asynccontextmanager
async def serving(
    app: ASGIApp, settings: Settings, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """Serves an application during the block, on a socket that listens."""
    config = uvicorn.Config(
        app,
        http=protocol_class(settings.limits),
        ws="websockets-sansio" if is_installed() else "none",
        # Compressing the updates of open pages would delay requests.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield task  # the socket listens already: clients can connect before the server is up
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """A server that leaves signals to `eventer.cli.signals`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def _raise_file_limit(count: int) -> None:
    """Raises the limit of open files and sockets to `count`, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        raised = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))


def served_at(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def configure_service_logging(settings: LogSettings) -> None:
    """Logs to standard error; its worker processes log in the same form."""
    configure_logging(settings, "service")
    for noisy in ("aiokafka", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # uvicorn warns of every invalid request: clients could fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # asyncio warns of child processes that exited before they were stopped.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
