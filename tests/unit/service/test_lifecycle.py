"""Positions reach the registry also if the service stops while it writes, or a write fails."""

import asyncio

import pytest

from eventer.core.clock import SystemClock
from eventer.core.errors import EvaluationError, RegistryError
from eventer.core.model import Position
from eventer.registry.base import GeneratorFailure, GeneratorState, SetState
from eventer.service import lifecycle
from eventer.service.lifecycle import Lifecycle
from eventer.testing.registry_conformance import sample_record

POSITION = Position(150)


class SlowRegistry:
    """Each write waits until `released`, fails if `broken`, and is kept."""

    cluster = type("Cluster", (), {"id": 1, "shards": 1})

    def __init__(self):
        self.record = sample_record(1, state=GeneratorState.PAUSED)
        self.begun, self.released, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.broken, self.saved, self.changes = False, None, []

    async def all(self):
        return [self.record]

    async def apply(self, changes):
        self.begun.set()
        await self.released.wait()
        if self.broken:
            self.broken = False
            raise RegistryError("the disk is full")
        self.changes = changes
        for change in changes:
            self.saved = getattr(change, "position", self.saved)
        self.done.set()


@pytest.fixture
async def registry():
    return SlowRegistry()


@pytest.fixture
async def running(registry, monkeypatch):
    monkeypatch.setattr(lifecycle, "SAVE_S", 0)
    running = Lifecycle(registry, None, SystemClock(), [])
    await running.start([])
    running.generators[1].position = POSITION
    await registry.begun.wait()
    return running


async def test_a_stop_during_a_write_waits_for_it(registry, running):
    stopping = asyncio.create_task(running.stop())
    await asyncio.sleep(0)
    registry.released.set()
    await stopping
    assert registry.saved == POSITION


async def test_a_failed_write_is_repeated(registry, running):
    registry.broken = True
    registry.released.set()
    await registry.done.wait()
    assert registry.saved == POSITION
    await running.stop()


async def test_an_end_whose_write_failed_is_recorded_once(registry, running):
    registry.released.set()
    await registry.done.wait()
    registry.done.clear()
    registry.broken = True
    generator = running.generators[1]
    failure = GeneratorFailure(EvaluationError("no"), 7)
    running._queue_write(generator, failure)
    while not any(isinstance(change, SetState) for change in registry.changes):
        await registry.done.wait()
        registry.done.clear()
    assert not registry.broken
    newest = generator.recent_errors.newest_first()[0]
    assert (newest.error.message, newest.count) == ("no", 1)
    assert generator.record.state is GeneratorState.FAILED
    await running.stop()
