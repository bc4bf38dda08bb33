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
from eventer.api.protocol import protocol_of
from eventer.registry.sqlite import FILE_NAME, SqliteRegistry
from eventer.service.eventer import Eventer
from eventer.settings.model import Settings, check_bind

_GRACE_SECONDS = 5
_OTHER_FILES = 256
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Hosted:
    """A service that answers."""

    eventer: Eventer
    url: str
    server: asyncio.Task[None]


@asynccontextmanager
async def hosted(
    settings: Settings, listener: socket.socket, *, embedded: Collection[str] = ()
) -> AsyncIterator[Hosted]:
    """The service for the time of a block: it answers inside; after it nothing of it runs.

    Raises:
        ConfigError: others could reach it without a token.
        RegistryError: the registry cannot be opened.
    """
    check_bind(settings)
    _allow_files(settings.limits.connections + _OTHER_FILES)
    path = settings.data_dir / FILE_NAME
    async with await SqliteRegistry.open(path, shards=settings.shards) as registry:
        eventer = Eventer(settings, registry, embedded=embedded)
        await eventer.start()
        try:
            async with _answering(eventer, settings, listener) as task:
                yield Hosted(eventer, _url(listener), task)
        finally:
            await eventer.stop()


@asynccontextmanager
async def _answering(
    eventer: Eventer, settings: Settings, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    config = uvicorn.Config(
        create_app(eventer, settings),
        http=protocol_of(settings.limits),
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


def _allow_files(count: int) -> None:
    """Lets this process have so many files and sockets open, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _url(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Ending:
    """Told by Ctrl-C or SIGTERM that the process is to end; see `ending`."""

    def __init__(self, main: asyncio.Task[object]) -> None:
        self._main = main
        self._told = asyncio.Event()
        self._waited_for = False
        self.cancelled = False

    def tell(self) -> None:
        """A signal came. What is still starting is cancelled; the next signal ends the process."""
        self._told.set()
        release()
        if not self._waited_for:
            self.cancelled = True
            self._main.cancel()

    async def wait(self, seconds: float | None = None) -> None:
        """Waits for a signal, or so many seconds."""
        self._waited_for = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), seconds)


@asynccontextmanager
async def ending() -> AsyncIterator[Ending]:
    """A block that signals end in order: by cancelling it, until it waits for them itself."""
    main = asyncio.current_task()
    assert main is not None
    end, loop = Ending(main), asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end.tell)
    try:
        yield end
    except asyncio.CancelledError:
        if not end.cancelled:
            raise
        main.uncancel()
    finally:
        release()


def release() -> None:
    """Signals do again what they do by themselves."""
    for number in _SIGNALS:
        asyncio.get_running_loop().remove_signal_handler(number)


def configure_log() -> None:
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
