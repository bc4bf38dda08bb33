"""Paces with an end, with a past, and in stages, from the request to the last commit."""

from dataclasses import replace
from itertools import pairwise

import pytest

from eventer.core.errors import RequestError
from eventer.core.model import GeneratorState
from eventer.core.pace import EventRate, PaceSpec, Stage, Stages, Steady
from tests.integration.service.conftest import (
    MS,
    AddRequestBuilder,
    ServiceEnvironment,
    one,
    until,
    until_position,
    until_state,
)
from tests.sqlite_destination import read_events

pytestmark = pytest.mark.asyncio(loop_scope="package")

SECOND = 1_000 * MS
MINUTE = 60 * SECOND
PAST = 7 * 24 * 60
"""The events of a week, one per minute."""


def per_second(events: int) -> EventRate:
    return EventRate(events, SECOND)


def asked(pace: PaceSpec) -> AddRequestBuilder:
    return AddRequestBuilder().with_event(pace=pace)


async def test_a_generator_is_finished_until_another_end_is_posted(
    shared_environment: ServiceEnvironment,
) -> None:
    pace = PaceSpec(Steady(per_second(200)), max_events=30)
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(asked(pace).request)
        finished = await until_state(eventer, added.id, "finished")
        assert (finished.position, finished.lag, finished.next_tick) == (30, 0, None)
        assert finished.requested_rate == 0
        assert (await eventer.pause(added.id)).state is GeneratorState.FINISHED
        with pytest.raises(RequestError, match="is finished"):
            await eventer.resume(added.id)
        (same,) = await eventer.add(asked(pace).request)
        assert (same.state, same.updated) == (GeneratorState.FINISHED, False)
        assert len((await eventer.events(added.id, 25, 100)).events) == 5
        (again,) = await eventer.add(asked(replace(pace, max_events=50)).request)
        assert (again.state, again.updated) == (GeneratorState.RUNNING, True)
        finished = await until_position(eventer, added.id, 50)
        await until_state(eventer, added.id, "finished")
    assert shared_environment.numbers("boo") == list(range(50))
    times = [at for _, at, _ in read_events(shared_environment.store, "boo")]
    assert times[30] > times[29] + 5 * MS, "the time between the ends is dropped"
    assert all(b - a == 5 * MS for a, b in pairwise(times[30:]))


async def test_finished_stages_stay_finished_after_a_restart(
    service_environment: ServiceEnvironment,
) -> None:
    burst = Stage(per_second(100), per_second(300), SECOND // 2)
    pace = PaceSpec(Stages((burst,), repeat=2))
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(asked(pace).request)
        await until_position(eventer, added.id, 30)
        # On a machine that stalls, it may be finished already.
        paused = (await eventer.pause(added.id)).state is GeneratorState.PAUSED
        if paused:
            await eventer.resume(added.id)
        await until_state(eventer, added.id, "finished")
    async with service_environment.service() as eventer:
        view = await one(eventer, added.id)
        assert (view.state, view.position) == (GeneratorState.FINISHED, 200)
    events = read_events(service_environment.store, "boo")
    assert [number for number, _, _ in events] == list(range(200))
    times = [at for _, at, _ in events]
    segments = view.record.segments
    assert len(segments) == 1 + paused
    assert times[-1] - times[0] > SECOND - 20 * MS
    for resumed in segments[1:]:
        assert resumed.u0 == resumed.n0
        assert all(at >= resumed.t0 for at in times[resumed.n0 :])


async def test_a_restart_drops_nothing_of_the_past_that_start_asks_for(
    service_environment: ServiceEnvironment,
) -> None:
    minute, week, live = EventRate(1, MINUTE), 7 * 24 * 60 * MINUTE, per_second(10)
    stages = Stages((Stage(minute, minute, week), Stage(live, live, week)))
    pace = PaceSpec(stages, start="now-7d")
    service_environment.down()
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(asked(pace).request)
        assert added.record.created_at - added.record.segments[0].t0 == week
        assert added.lag >= PAST
    service_environment.up()
    async with service_environment.service() as eventer:
        await until_position(eventer, added.id, PAST + 3)
        view = await until(eventer, added.id, lambda view: view.lag < 100)
        shards = (await eventer.snapshot()).shards.values()
        counted = sum(sum(each.lateness) for each in shards)
        # The position is read last, because events are delivered meanwhile.
        assert counted <= (await one(eventer, added.id)).position - PAST
        with pytest.raises(RequestError) as refused:
            await eventer.add(asked(replace(pace, start="now-8d")).request)
        assert [fault.pointer for fault in refused.value.faults] == ["/events/0/pace/start"]
    events = read_events(service_environment.store, "boo")
    t0 = view.record.segments[0].t0
    past = [(number, at) for number, at, _ in events[:PAST]]
    assert past == [(k, t0 + k * MINUTE) for k in range(PAST)]
    assert all(at >= t0 + week for _, at, _ in events[PAST:])
