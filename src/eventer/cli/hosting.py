"""A started service behind its API, in this process."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from eventer.api.app import create_app
from eventer.api.time_limited_protocol import protocol_class
from eventer.service.eventer import Eventer
from eventer.service.start import started_eventer
from eventer.settings.model import Settings, check_bind

_GRACE_SECONDS = 5
_OTHER_FILES = 256
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class RunningService:
    """A service that answers."""

    eventer: Eventer
    url: str
    server: asyncio.Task[None]


@asynccontextmanager
async def run_service(
    settings: Settings, listener: socket.socket, *, embedded: Collection[str] = ()
) -> AsyncIterator[RunningService]:
    """The service for the time of a block: it answers inside; after it nothing of it runs.

    Raises:
        ConfigError: others could reach it without a token.
        RegistryError: the registry cannot be opened.
    """
    check_bind(settings)
    _raise_file_limit(settings.limits.connections + _OTHER_FILES)
    async with (
        started_eventer(settings, embedded=embedded) as eventer,
        _serving(eventer, settings, listener) as task,
    ):
        yield RunningService(eventer, _url(listener), task)


@asynccontextmanager
async def _serving(
    eventer: Eventer, settings: Settings, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    config = uvicorn.Config(
        create_app(eventer, settings),
        http=protocol_class(settings.limits),
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield task  # the socket listens already: who connects now is answered soon
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes none."""
        yield


def _raise_file_limit(count: int) -> None:
    """Lets this process have so many files and sockets open, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        raised = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))


def _url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class ShutdownSignal:
    """Told by Ctrl-C or SIGTERM that the process is to end; see `shutdown_on_signals`."""

    def __init__(self, main: asyncio.Task[object]) -> None:
        self._main = main
        self._triggered = asyncio.Event()
        self._is_awaited = False
        self.cancelled = False

    def trigger(self) -> None:
        """A signal came. What is still starting is cancelled; the next signal ends the process."""
        self._triggered.set()
        restore_signal_handlers()
        if not self._is_awaited:
            self.cancelled = True
            self._main.cancel()

    async def wait(self, seconds: float | None = None) -> None:
        """Waits for a signal, or so many seconds."""
        self._is_awaited = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._triggered.wait(), seconds)


@asynccontextmanager
async def shutdown_on_signals() -> AsyncIterator[ShutdownSignal]:
    """A block that signals end in order: by cancelling it, until it waits for them itself."""
    main = asyncio.current_task()
    assert main is not None
    end, loop = ShutdownSignal(main), asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end.trigger)
    try:
        yield end
    except asyncio.CancelledError:
        if not end.cancelled:
            raise
        main.uncancel()
    finally:
        restore_signal_handlers()


def restore_signal_handlers() -> None:
    """Signals do again what they do by themselves."""
    for number in _SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(number)


def configure_logging() -> None:
    """The service's log on standard error, a line an event."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("aiokafka", "httpx", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # It warns of each request that is no HTTP: whoever sends those would write our log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    # It warns of children that had ended by themselves before it was told to end them.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
