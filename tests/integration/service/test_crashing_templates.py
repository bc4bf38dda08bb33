"""A template that brings its worker down, past all budgets: stopped alone, and it says why.

No template can do that, as far as is known; so the connector of this test, which is loaded into
the worker with its connection, puts what does harm in the place of the engine.
"""

import asyncio
import ctypes
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from eventer.core.errors import BudgetError
from eventer.core.model import GeneratorState
from eventer.plan import prepare as preparing
from eventer.testing.sqlite_destination import SqliteConnector
from eventer.workers import delivery_worker, supervisor
from eventer.workers.crash_counter import CRASHES
from tests.integration.service.conftest import (
    AddRequestBuilder,
    ServiceEnvironment,
    one,
    until,
    until_position,
)

HARMFUL = "{ harm: '%s', n: std.native('get_integer')(1, 9) }"
AT = 30
TRIES = "tries"
"""The file that says where each slice began that did harm."""


@dataclass(frozen=True)
class HarmfulConnector(SqliteConnector):
    """Connects as ever, but for templates that ask for harm."""

    def connect(self, cluster: int, shard: int):
        delivery_worker.prepare = partial(prepare_harm, self.folder / TRIES)
        return super().connect(cluster, shard)


def prepare_harm(tries: Path, template):
    prepared = preparing.prepare(template)
    harm = next((name for name in HARMS if f"harm: '{name}'" in template.text), None)
    if harm == "spin":
        delivery_worker.STUCK_EVENT_LIMIT_S = 3.0
    return prepared if harm is None else _Prepared(prepared, HARMS[harm], tries)


class _Prepared:
    def __init__(self, prepared, harm, tries):
        self._prepared, self._harm, self._tries = prepared, harm, tries

    def engine(self, *arguments, **named):
        return _Engine(self._prepared.engine(*arguments, **named), self._harm, self._tries)


class _Engine:
    def __init__(self, engine, harm, tries):
        self._engine, self._harm, self._tries = engine, harm, tries
        self.name, self.reason = engine.name, engine.reason

    def generate(self, first, scheduled, deadline_ns=None):
        if first <= AT < first + len(scheduled):
            with self._tries.open("a") as tries:
                tries.write(f"{first}\n")
            self._harm()
        return self._engine.generate(first, scheduled, deadline_ns)


def crash():
    ctypes.string_at(0)


def hang():
    """In compiled code, with the lock of the interpreter held."""
    ctypes.PyDLL(None).sleep(600)


def spin():
    """In Python, so that its process sees it and ends itself."""
    while True:
        pass


def devour():
    """More memory than the process may have, in a way that Python cannot take back."""
    kept = []
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while (place := libc.malloc(64 << 20)) is not None:
        ctypes.memset(place, 1, 64 << 20)
        kept.append(place)
    libc.abort()


def doze():
    """For longer than a service that stops waits for it; then all would be well."""
    time.sleep(20)


HARMS = {"crash": crash, "hang": hang, "devour": devour, "spin": spin, "doze": doze}


@pytest.fixture
def service_environment(tmp_path: Path) -> ServiceEnvironment:
    return ServiceEnvironment(tmp_path, connector=HarmfulConnector)


@pytest.mark.parametrize(
    ("harm", "at_once"),
    [("crash", 1), ("crash", 50), ("hang", 1), ("devour", 1), ("spin", 1)],
)
async def test_a_generator_that_crashes_its_worker_is_stopped_alone(
    harm, at_once, service_environment, monkeypatch
):
    """All before the event is delivered, though it be due and made together with it.

    It is, where fifty are due at once, and also where a machine is late with a tick of one.
    """
    if harm == "hang":
        monkeypatch.setattr(supervisor, "OVERRUN_S", 3.0)
    monkeypatch.setattr(supervisor, "PING_S", 0.5)
    async with service_environment.service() as eventer:
        (good,) = await eventer.add(AddRequestBuilder().with_event(count=1).request)
        ask = AddRequestBuilder().to("bad").with_event(template=HARMFUL % harm, count=at_once)
        (bad,) = await eventer.add(ask.request)

        async def stopped() -> bool:
            return (await one(eventer, bad.id)).state is GeneratorState.FAILED

        began = time.monotonic()
        await until(stopped, 90)
        found = await one(eventer, bad.id)
        print(f"stopped after {time.monotonic() - began:.1f} s")
        assert found.position == AT
        assert isinstance(found.last_error.error, BudgetError)
        assert found.last_error.error.index == AT
        assert f"eventer resume {bad.id}" in found.last_error.error.hint
        assert service_environment.numbers("bad") == list(range(AT))

        now = (await one(eventer, good.id)).position
        await until_position(eventer, good.id, now + 100)
        tries = [int(line) for line in (service_environment.store / TRIES).read_text().split()]
        together, alone = tries[:-CRASHES], tries[-CRASHES:]
        assert alone == [AT] * CRASHES
        assert len(together) == 2 if at_once > 1 else len(together) <= 2
        assert len(set(together)) <= 1
        assert AT not in together
        assert sum(w.restarts for w in (await eventer.snapshot()).workers) == len(tries)
        assert (await one(eventer, good.id)).last_error is None
        numbers = service_environment.numbers("boo")
        assert numbers == list(range(len(numbers)))


async def test_events_in_flight_when_the_service_stops_are_not_blamed(
    service_environment, caplog, monkeypatch
):
    monkeypatch.setattr(supervisor, "STOP_S", 0.5)
    async with service_environment.service() as eventer:
        await eventer.add(
            AddRequestBuilder().with_event(template=HARMFUL % "doze", count=1).request
        )

        async def dozes() -> bool:
            return (service_environment.store / TRIES).exists()

        await until(dozes)
    assert "died" not in caplog.text


async def test_external_kills_are_blamed_on_no_generator(service_environment):
    async with service_environment.service() as eventer:
        (good,) = await eventer.add(AddRequestBuilder().with_event(count=1).request)
        for _ in range(4):
            now = (await one(eventer, good.id)).position
            await until_position(eventer, good.id, now + 5)
            for name, pid, _ in eventer._worker_pool.processes():
                if name.startswith("delivery") and pid is not None:
                    ctypes.CDLL(None).kill(pid, 9)
            await asyncio.sleep(0.1)
        now = (await one(eventer, good.id)).position
        assert (await until_position(eventer, good.id, now + 5)).state is GeneratorState.RUNNING
