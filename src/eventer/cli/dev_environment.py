"""Starts everything for `eventer dev`, and shows it while it runs."""

from __future__ import annotations

import asyncio
import logging
import shlex
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from eventer.cli.dev_view import DevView, LiveView, LogView
from eventer.cli.hosting import RunningService, configure_service_logging, run_service
from eventer.cli.keys import open_browser, typed_keys
from eventer.cli.serve import STOPPING, listen
from eventer.cli.signals import shutdown_on_signals
from eventer.cli.terminal import print_message
from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import EventerError, ServiceUnreachableError
from eventer.core.logs import event
from eventer.core.model import KafkaTarget, PostgresTarget, Target
from eventer.core.pace import ticks
from eventer.service.hosted_service import VOLATILE_CONNECTIONS, EmbeddedServers, embedded_servers
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest, ScheduleRequest
from eventer.settings import Settings
from eventer.web.studio import is_installed

DATASET: Final = "crazy_airflow"
LOOPBACK: Final = "127.0.0.1"
_INTERVAL_SECONDS: Final = {"boo": 10, "moo": 8}
_COUNT: Final = 10
_POLL_SECONDS: Final = 0.5


_PAGES: Final = {"n": 1, "p": -1}
"""The keys that turn the pages of the table."""


@dataclass(frozen=True, slots=True)
class DevEnvironment:
    """The running service and its servers."""

    service: RunningService
    servers: EmbeddedServers
    data_dir: Path

    @property
    def addresses(self) -> Addresses:
        """The address of each."""
        kafka, postgres = self.servers.kafka, self.servers.postgres
        return Addresses(self.service.url, kafka.bootstrap_servers, postgres.dsn)


async def run_dev(settings: Settings, *, seconds: float | None, plain: bool) -> None:
    """Runs until Ctrl-C, SIGTERM, or for `seconds`.

    Raises:
        ConfigError: a server is not installed or does not start.
    """
    live = sys.stdout.isatty() and not plain
    configure_service_logging(settings.log_settings)
    if live:
        logging.getLogger().setLevel(logging.ERROR)
    print_message("starting a Kafka-compatible broker, PostgreSQL and the service")
    began = time.time_ns()
    async with shutdown_on_signals() as end, dev_environment(settings) as running:
        hints = [*example_commands(running.addresses), *_last_hints(running, live=live)]
        view: DevView = LiveView(hints, began) if live else LogView(hints, began)
        # After a restart the generators already exist and are running; then this adds nothing.
        adding = asyncio.create_task(running.service.eventer.add(example_request()))
        watching = asyncio.create_task(_watch(running, view, adding))
        waiting = asyncio.create_task(end.wait(seconds))
        tasks: set[asyncio.Task[Any]] = {adding, watching, waiting}

        def on_key(key: str) -> None:
            if key == "q":
                end.trigger()
            elif key in _PAGES:
                view.turn(_PAGES[key])
            elif key == "o" and is_installed():
                tasks.add(asyncio.create_task(_open_studio(running.service.url, view)))

        try:
            with typed_keys(on_key) if live else nullcontext():
                await asyncio.wait({watching, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                watching.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            view.close()
            print_message(STOPPING)


async def _open_studio(url: str, view: DevView) -> None:
    if not await open_browser(url):
        view.note(f"cannot open a browser window on this machine: open {url}/ in your browser")


def _last_hints(running: DevEnvironment, *, live: bool) -> list[tuple[str, str]]:
    """What to look at first, at the end of the first screen."""
    url, next_ = running.service.url, []
    if is_installed():
        next_ = [
            ("next, write a template of your own and see its data", f"{url}/playground"),
            ("the studio: generators, charts and events in a browser", f"{url}/"),
        ]
    opens = "o opens the studio, " if is_installed() else ""
    keys = f"{opens}q stops everything" if live else "Ctrl-C stops everything"
    return [("the data folder", str(running.data_dir)), *next_, ("the keys", keys)]


@asynccontextmanager
async def dev_environment(settings: Settings) -> AsyncIterator[DevEnvironment]:
    """Runs broker, database and service during the block."""
    data_dir = settings.data_dir / "dev"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with listen(LOOPBACK, settings.port, any_port=True) as listener:
        async with embedded_servers(data_dir) as servers:
            local = settings.model_copy(update={"host": LOOPBACK, "data_dir": data_dir})
            async with run_service(
                servers.connect(local), listener, embedded=VOLATILE_CONNECTIONS
            ) as service:
                yield DevEnvironment(service, servers, data_dir)


def example_request() -> AddRequest:
    """Two example events, each into a topic and a table of its name."""
    targets: dict[str, dict[str, Target]] = {
        "kafka": {name: KafkaTarget(name) for name in _INTERVAL_SECONDS},
        "postgres": {name: PostgresTarget(name) for name in _INTERVAL_SECONDS},
    }
    return AddRequest(
        tuple(
            DestinationRequest(f"{kind}:{name}", target)
            for kind, named in targets.items()
            for name, target in named.items()
        ),
        tuple(
            EventRequest(
                example(name), id=name, pace=ticks(_COUNT, every * NS_PER_SECOND), dataset=DATASET
            )
            for name, every in _INTERVAL_SECONDS.items()
        ),
        tuple(
            ScheduleRequest(f"{kind}:{name}", name)
            for kind in targets
            for name in _INTERVAL_SECONDS
        ),
    )


def example(name: str) -> str:
    """The text of an example template."""
    return (files("eventer.cli") / "examples" / f"{name}.jsonnet").read_text("utf-8")


async def _watch(running: DevEnvironment, view: DevView, adding: asyncio.Task[Any]) -> None:
    """Shows the generators until it is cancelled.

    Raises:
        EventerError: a server or the API exited, or the generators cannot be added.
    """
    while True:
        if adding.done():
            adding.result()
            running.service.studio.load_soon()
        running.servers.check_running()
        if running.service.server.done():
            raise ServiceUnreachableError("the API has exited unexpectedly")
        eventer = running.service.eventer
        generators = await eventer.status()
        view.retain({generator.id for generator in generators})
        for generator in generators:
            first, position = view.next_range(generator)
            texts: tuple[bytes, ...] = ()
            if position > first:
                try:
                    texts = (await eventer.events(generator.id, first, position - first)).events
                except EventerError as error:
                    logging.getLogger("eventer.dev").warning(
                        "%s", error.message, extra=event("events_unreadable")
                    )
            view.show(generator, texts)
        view.draw()
        await asyncio.sleep(_POLL_SECONDS)


# Debian's kcat is too old for the embedded broker; aiokafka is installed with Eventer.
_READ_SCRIPT = """
import asyncio, aiokafka
async def read():
    async with aiokafka.AIOKafkaConsumer(
        "boo", bootstrap_servers="{servers}", auto_offset_reset="earliest"
    ) as consumer:
        async for record in consumer:
            print(record.value.decode())
asyncio.run(read())"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the service, the broker and the database."""

    url: str
    kafka: str
    postgres: str


def example_commands(addresses: Addresses) -> list[tuple[str, str]]:
    """Pairs of a title and a command."""
    select = 'select id, country, name, "user_agent" from boo order by id limit 10'
    python = shlex.quote(sys.executable)
    read_command = shlex.quote(_READ_SCRIPT.format(servers=addresses.kafka))
    return [
        ("the API", f"curl {addresses.url}/generator/status"),
        ("its documentation", f"{addresses.url}/docs"),
        ("a table", f"psql {shlex.quote(addresses.postgres)} -c {shlex.quote(select)}"),
        ("a topic", f"{python} -c {read_command}"),
        ("the generators", f"EVENTER_URL={addresses.url} {python} -m eventer list"),
    ]
