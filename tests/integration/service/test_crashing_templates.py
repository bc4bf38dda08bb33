"""A template that crashes its worker past all budgets fails alone, with the reason."""

import ctypes
from pathlib import Path

import pytest

from eventer.core.errors import BudgetError
from eventer.core.model import GeneratorState
from eventer.workers import supervisor
from eventer.workers.crash_counter import CRASHES
from tests.integration.service.conftest import (
    MS,
    AddRequestBuilder,
    ServiceEnvironment,
    one,
    until_position,
    until_state,
)
from tests.integration.workers.harm import AT, HARMFUL, TRIES, HarmfulConnector
from tests.waiting import wait_until_async

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture
def service_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceEnvironment:
    monkeypatch.setattr("eventer.service.eventer.INSPECTOR_COUNT", 1)
    return ServiceEnvironment(tmp_path, connector=HarmfulConnector)


@pytest.mark.parametrize(
    ("harm", "at_once"),
    [
        ("crash", 50),
        *(
            pytest.param(harm, 1, marks=pytest.mark.slow)
            for harm in ("crash", "hang", "devour", "spin")
        ),
    ],
)
async def test_a_generator_that_crashes_its_worker_is_stopped_alone(
    harm, at_once, service_environment, monkeypatch
):
    """All events before the poison event are delivered, even if they are due and generated with it.

    It covers fifty events due at once, and a late tick of one event.
    `tests/integration/workers/test_supervisor.py` shows that the other harms end their workers.
    """
    if harm == "hang":
        monkeypatch.setattr(supervisor, "OVERRUN_S", 3.0)
    monkeypatch.setattr(supervisor, "PING_S", 0.5)
    async with service_environment.service() as eventer:
        (good,) = await eventer.add(AddRequestBuilder().with_event(count=5).request)
        ask = (
            AddRequestBuilder()
            .to("bad")
            .with_event(template=HARMFUL % harm, count=at_once, interval=20 * MS)
        )
        (bad,) = await eventer.add(ask.request)

        async def stopped() -> bool:
            return (await one(eventer, bad.id)).state is GeneratorState.FAILED

        await wait_until_async(stopped)
        found = await one(eventer, bad.id)
        assert found.position == AT
        assert isinstance(found.last_error.error, BudgetError)
        assert found.last_error.error.index == AT
        assert f"eventer resume {bad.id}" in found.last_error.error.hint
        assert service_environment.numbers("bad") == list(range(AT))

        now = (await one(eventer, good.id)).position
        await until_position(eventer, good.id, now + 50)
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

        await wait_until_async(dozes)
    assert "died" not in caplog.text


async def test_external_kills_are_blamed_on_no_generator(service_environment):
    async with service_environment.service() as eventer:
        (good,) = await eventer.add(AddRequestBuilder().with_event(count=5).request)
        for _ in range(4):
            now = (await one(eventer, good.id)).position
            await until_position(eventer, good.id, now + 5)
            for name, pid, _ in eventer._worker_pool.processes():
                if name.startswith("delivery") and pid is not None:
                    ctypes.CDLL(None).kill(pid, 9)
        now = (await one(eventer, good.id)).position
        await until_position(eventer, good.id, now + 5)
        # The service may get the last reports of a killed worker before it notices its end.
        await until_state(eventer, good.id, GeneratorState.RUNNING)
