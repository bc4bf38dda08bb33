"""A whole service with real worker processes, over a transactional store that needs no server."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest

from eventer.core.model import KafkaTarget
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
from eventer.testing.sqlite_destination import SqliteConnector, read_events

MS = 1_000_000
COUNTING = "{ n: std.native('get_integer')(1, 1e9), of: std.native('get_dataset')('none') }"


@dataclass
class ServiceEnvironment:
    """Where a service lives: its registry, and the store that it delivers to."""

    folder: Path
    embedded: bool = False
    configured: bool = True
    connector: type[SqliteConnector] = SqliteConnector
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        self.store.mkdir()
        self.settings = Settings(data_dir=self.folder / "data")

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
                await until(lambda: _is_ready(eventer))
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


@pytest.fixture
def service_environment(tmp_path: Path) -> ServiceEnvironment:
    return ServiceEnvironment(tmp_path)


@pytest.fixture
def patient_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a destination says at once on a quiet machine is waited for on a busy one too."""
    monkeypatch.setattr("eventer.service.adder.CHECK_S", 30.0)


EVENT = EventRequest(COUNTING, id="e", interval=20 * MS, count=10, field="template")


@dataclass(frozen=True)
class AddRequestBuilder:
    """A request with one event, for one topic unless told otherwise."""

    topics: tuple[str, ...] = ("boo",)
    event: EventRequest = EVENT

    def with_event(self, **changes: object) -> Self:
        return replace(self, event=replace(self.event, **changes))

    def to(self, *topics: str) -> Self:
        return replace(self, topics=topics)

    @property
    def request(self) -> AddRequest:
        return AddRequest(
            tuple(DestinationRequest(t, KafkaTarget(t)) for t in self.topics),
            (self.event,),
            tuple(ScheduleRequest(t, self.event.id) for t in self.topics),
        )


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < end, "it took too long"
        await asyncio.sleep(0.02)


async def _is_ready(eventer: Eventer) -> bool:
    return (await eventer.ready()).ready


async def one(eventer: Eventer, id_: int) -> GeneratorView:
    (view,) = await eventer.status(id_)
    return view


async def until_position(eventer: Eventer, id_: int, position: int) -> GeneratorView:
    async def reached() -> bool:
        return (await one(eventer, id_)).position >= position

    await until(reached)
    return await one(eventer, id_)


async def until_state(eventer: Eventer, id_: int, state: str) -> GeneratorView:
    async def reached() -> bool:
        return (await one(eventer, id_)).state == state

    await until(reached)
    return await one(eventer, id_)
