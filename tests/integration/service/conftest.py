"""A whole service with real worker processes, over a transactional store that needs no server."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import socket
from typing import Self

import pytest
import pytest_asyncio

from eventer.core.model import KafkaTarget
from eventer.core.pace import ticks
from eventer.registry.sqlite import REGISTRY_FILE_NAME, SqliteRegistry
from eventer.service.eventer import Eventer
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    ScheduleRequest,
)
from eventer.service.views import GeneratorView
from eventer.settings import Settings
from eventer.settings.model import FileConnection, Limits
from eventer.workers.fork_client import ForkClient, ForkedProcess
from tests.sqlite_destination import SqliteConnector, open_store, read_events
from tests.waiting import DEADLINE_S, wait_until_async

MS = 1_000_000
COUNTING = "{ n: std.native('get_integer')(1, 1e9), of: std.native('get_dataset')('none') }"


@dataclass
class ServiceEnvironment:
    """The folder of a service: its registry, and the store that it delivers to."""

    folder: Path
    embedded: bool = False
    configured: bool = True
    connector: type[SqliteConnector] = SqliteConnector
    workers: int = 1
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.store.mkdir()
        limits = Limits(inspect_seconds=30)
        self.settings = Settings(
            data_dir=self.folder / "data",
            workers=self.workers,
            file=FileConnection(root=self.folder / "files", roll_interval=0.5),
            limits=limits,
        )

    @property
    def store(self) -> Path:
        return self.folder / "store"

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Eventer]:
        """The service, ready; stopped at the end of the block."""
        path = self.settings.data_dir / REGISTRY_FILE_NAME
        async with await SqliteRegistry.open(path, shards=self.settings.shards) as registry:
            eventer = Eventer(
                self.settings,
                registry,
                connectors={"kafka": self.connector(self.store)} if self.configured else {},
                embedded={"kafka"} if self.embedded else (),
            )
            await eventer.start()
            try:
                await wait_until_async(lambda: _is_ready(eventer))
                yield eventer
            finally:
                await eventer.stop()

    def numbers(self, topic: str) -> list[int]:
        return [number for number, _, _ in read_events(self.store, topic)]

    def texts(self, topic: str) -> list[bytes]:
        return [text.encode() for _, _, text in read_events(self.store, topic)]

    def down(self) -> None:
        (self.store / "down").touch()

    def up(self) -> None:
        (self.store / "down").unlink()


class SharedEnvironment(ServiceEnvironment):
    """An environment whose service all tests share; each starts without generators and events."""

    running: Eventer

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Eventer]:
        """The service, ready; what the block adds is removed at its end."""
        with closing(open_store(self.store)) as database:
            database.execute("delete from event")
        try:
            yield self.running
        finally:
            with suppress(FileNotFoundError):
                self.up()
            if views := await self.running.status():
                await self.running.remove([view.id for view in views])


@pytest.fixture(scope="package", autouse=True)
def _long_time_limits() -> Iterator[None]:
    """Raises the time limits of the service, for busy machines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eventer.service.destination_checker.CHECK_S", DEADLINE_S)
        patch.setattr("eventer.service.lifecycle.WITHDRAW_S", DEADLINE_S)
        patch.setattr("eventer.workers.worker_process.START_S", DEADLINE_S)
        patch.setattr("eventer.workers.supervisor.SILENCE_S", DEADLINE_S)
        patch.setattr("eventer.workers.supervisor.OVERRUN_S", DEADLINE_S)
        patch.setattr("eventer.workers.supervisor.STOP_S", DEADLINE_S)
        yield


@dataclass(frozen=True)
class BorrowedForkClient:
    """Starts workers with the fork server of the package, and does not stop it."""

    lender: ForkClient

    async def fork(self, end: socket, crash_marker: int) -> ForkedProcess:
        return await self.lender.fork(end, crash_marker)

    def stop(self) -> None:
        pass


@pytest_asyncio.fixture(scope="package", loop_scope="package", autouse=True)
async def _one_fork_server() -> AsyncIterator[None]:
    """All services of the package use one fork server: starting one takes 2 s of CPU time."""
    lender = ForkClient()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eventer.service.eventer.ForkClient", lambda: BorrowedForkClient(lender))
        yield
    lender.stop()


@pytest.fixture
def service_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceEnvironment:
    """An environment for one test, with few processes."""
    monkeypatch.setattr("eventer.service.eventer.INSPECTOR_COUNT", 1)
    return ServiceEnvironment(tmp_path)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_environment(
    _long_time_limits: None, _one_fork_server: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceEnvironment]:
    """The environment of the tests that do not stop its service; they share the package's loop."""
    shared = SharedEnvironment(tmp_path_factory.mktemp("shared"), workers=2)
    async with ServiceEnvironment.service(shared) as shared.running:
        yield shared


EVENT = EventRequest(COUNTING, id="e", pace=ticks(50, 100 * MS), field="template")


@dataclass(frozen=True)
class AddRequestBuilder:
    """Builds a request with one event, by default for one topic."""

    topics: tuple[str, ...] = ("boo",)
    event: EventRequest = EVENT

    def with_event(self, *, count: int = 50, interval: int = 100 * MS, **changes: object) -> Self:
        pace = ticks(count, interval)
        return replace(self, event=replace(self.event, **{"pace": pace, **changes}))

    def to(self, *topics: str) -> Self:
        return replace(self, topics=topics)

    @property
    def request(self) -> AddRequest:
        return AddRequest(
            tuple(DestinationRequest(t, KafkaTarget(t)) for t in self.topics),
            (self.event,),
            tuple(ScheduleRequest(t, self.event.id) for t in self.topics),
        )


async def _is_ready(eventer: Eventer) -> bool:
    return not await eventer.problems()


async def one(eventer: Eventer, id_: int) -> GeneratorView:
    (view,) = await eventer.status(id_)
    return view


async def until(
    eventer: Eventer, id_: int, condition: Callable[[GeneratorView], bool]
) -> GeneratorView:
    """The first view that meets a condition; a later one may not meet it."""

    async def reached() -> GeneratorView | None:
        view = await one(eventer, id_)
        return view if condition(view) else None

    view = await wait_until_async(reached)
    assert view is not None
    return view


async def until_position(eventer: Eventer, id_: int, position: int) -> GeneratorView:
    return await until(eventer, id_, lambda view: view.position >= position)


async def until_state(eventer: Eventer, id_: int, state: str) -> GeneratorView:
    return await until(eventer, id_, lambda view: view.state == state)
