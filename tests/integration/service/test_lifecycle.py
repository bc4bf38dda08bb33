"""From the request to the last commit, with crashes of workers and restarts of the service."""

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from itertools import pairwise

import pytest

from eventer.core.errors import EvaluationError, NotFoundError, PositionLostError, RequestError
from eventer.core.model import CatchUp, GeneratorState, OnError
from eventer.core.pace import ticks
from eventer.service.eventer import Eventer
from eventer.workers.messages import ShardId
from tests.integration.service.conftest import (
    MS,
    AddRequestBuilder,
    ServiceEnvironment,
    one,
    until_position,
    until_state,
)
from tests.sqlite_destination import forget_positions, read_events
from tests.waiting import wait_until_async

pytestmark = pytest.mark.asyncio(loop_scope="package")

RAISING = "if std.native('get_integer')(1, 50) == 7 then error 'seven' else { a: 1 }"


async def test_added_events_arrive_and_can_be_made_again(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        assert added.created
        assert not added.updated
        assert added.state is GeneratorState.RUNNING
        await until_position(eventer, added.id, 100)
        await eventer.pause(added.id)
        made = shared_environment.texts("boo")
        assert shared_environment.numbers("boo") == list(range(len(made)))
        again = await eventer.events(added.id, 0, len(made))
        assert list(again.events) == made
        view = await one(eventer, added.id)
    assert view.state is GeneratorState.PAUSED
    assert view.position == len(made)
    assert view.bytes == sum(map(len, made))


async def test_a_restarted_service_continues_at_the_next_index(
    service_environment: ServiceEnvironment,
) -> None:
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 60)
    stopped_at = len(service_environment.numbers("boo"))
    async with service_environment.service() as eventer:
        assert (await one(eventer, added.id)).position >= stopped_at
        await until_position(eventer, added.id, stopped_at + 60)
        await eventer.pause(added.id)
        made = service_environment.texts("boo")
        again = await eventer.events(added.id, 0, len(made))
    assert service_environment.numbers("boo") == list(range(len(made)))
    assert list(again.events) == made


@pytest.mark.parametrize("rounds", [2, pytest.param(10, marks=pytest.mark.slow)])
async def test_workers_killed_while_they_deliver_lose_and_repeat_nothing(
    service_environment: ServiceEnvironment, rounds: int
) -> None:
    (service_environment.store / "slow").write_text("0.02")
    async with service_environment.service() as eventer:
        added = await eventer.add(AddRequestBuilder().to("boo", "moo").request)
        target = 50
        for _ in range(rounds):
            for view in added:
                await until_position(eventer, view.id, target)
            target += 100
            for worker in (await eventer.snapshot()).workers:
                if worker.pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(worker.pid, signal.SIGKILL)
        for view in added:
            await until_position(eventer, view.id, target)
            await eventer.pause(view.id)
        for view, topic in zip(added, ("boo", "moo"), strict=True):
            made = service_environment.texts(topic)
            assert service_environment.numbers(topic) == list(range(len(made)))
            again = await eventer.events(view.id, 0, len(made))
            assert list(again.events) == made


async def test_the_backlog_after_an_outage_is_delivered(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        shared_environment.down()
        (added,) = await eventer.add(
            AddRequestBuilder().with_event(count=2, interval=20 * MS).request
        )
        assert added.state is GeneratorState.WAITING
        assert added.last_error is not None
        assert "down" in added.last_error.error.message

        async def behind() -> bool:
            return (await one(eventer, added.id)).lag >= 100

        await wait_until_async(behind)
        shared_environment.up()
        await until_state(eventer, added.id, "running")
        view = await until_position(eventer, added.id, 150)

        async def caught_up() -> bool:
            return not await behind()

        await wait_until_async(caught_up)
    events = read_events(shared_environment.store, "boo")
    times = [at for _, at, _ in events]
    assert times[0] == view.record.segments[-1].t0
    assert times == [view.record.segments[-1].t0 + i // 2 * 20 * MS for i in range(len(times))]


async def test_after_remove_nothing_appears_and_added_again_it_begins_at_0(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        added, other = await eventer.add(AddRequestBuilder().to("boo", "moo").request)
        await until_position(eventer, added.id, 50)
        removal = await eventer.remove([added.id, 17])
        assert removal.removed == (added.id,)
        assert removal.unknown == ("17",)
        count = len(shared_environment.numbers("boo"))
        still = (await one(eventer, other.id)).position
        await until_position(eventer, other.id, still + 100)
        assert len(shared_environment.numbers("boo")) == count
        with pytest.raises(NotFoundError):
            await eventer.status(added.id)
        with pytest.raises(NotFoundError):
            await eventer.remove([added.id])
        (again,) = await eventer.add(AddRequestBuilder().request)
        assert again.id == added.id
        assert again.created
        await until_position(eventer, again.id, 20)
    assert shared_environment.numbers("boo")[count : count + 10] == list(range(10))


async def test_posted_again_it_is_the_same_and_another_pace_re_paces(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 30)
        (same,) = await eventer.add(AddRequestBuilder().request)
        assert (same.id, same.created, same.updated) == (added.id, False, False)
        (faster,) = await eventer.add(
            AddRequestBuilder().with_event(count=7, interval=10 * MS).request
        )
        assert (faster.id, faster.created, faster.updated) == (added.id, False, True)
        assert faster.record.pace == ticks(7, 10 * MS)
        assert faster.record.spec.stream == added.record.spec.stream
        await until_position(eventer, added.id, faster.record.segments[-1].n0 + 70)
        await eventer.pause(added.id)
        (paused,) = await eventer.add(AddRequestBuilder().with_event(count=9).request)
        assert (paused.state, paused.record.pace) == (GeneratorState.PAUSED, ticks(9, 100 * MS))
        made = shared_environment.texts("boo")
        again = await eventer.events(added.id, 0, len(made))
        assert len(await eventer.status()) == 1
    assert shared_environment.numbers("boo") == list(range(len(made)))
    assert list(again.events) == made
    times = [at for _, at, _ in read_events(shared_environment.store, "boo")]
    n0 = faster.record.segments[-1].n0
    assert times[:n0] == [added.record.segments[-1].t0 + i // 50 * 100 * MS for i in range(n0)]
    assert times[n0] == times[n0 - 1] + 10 * MS


async def test_a_pause_drops_its_backlog_and_replay_delivers_it(
    shared_environment: ServiceEnvironment,
) -> None:
    async with shared_environment.service() as eventer:
        (dropping,) = await eventer.add(AddRequestBuilder().request)
        (replaying,) = await eventer.add(
            AddRequestBuilder().to("moo").with_event(catch_up=CatchUp.REPLAY).request
        )
        for view in (dropping, replaying):
            await until_position(eventer, view.id, 20)
            await eventer.pause(view.id)
        await asyncio.sleep(0.3)
        resumed = [await eventer.resume(view.id) for view in (dropping, replaying)]
        for view in resumed:
            await until_position(eventer, view.id, view.position + 100)
    boo = [at for _, at, _ in read_events(shared_environment.store, "boo")]
    moo = [at for _, at, _ in read_events(shared_environment.store, "moo")]
    assert max(b - a for a, b in pairwise(boo)) >= 250 * MS
    assert max(b - a for a, b in pairwise(moo)) == 100 * MS


async def test_a_raising_event_fails_its_generator_until_it_is_skipped(
    service_environment: ServiceEnvironment,
) -> None:
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(
            AddRequestBuilder().with_event(template=RAISING, seed=3).request
        )
        failed = await until_state(eventer, added.id, "failed")
        assert failed.last_error is not None
        assert isinstance(failed.last_error.error, EvaluationError)
        assert failed.last_error.error.index == failed.position
        assert failed.last_error.error.place is not None
        assert service_environment.numbers("boo") == list(range(failed.position))
        resumed = await eventer.resume(added.id, skip=True)
        assert resumed.state in {GeneratorState.RUNNING, GeneratorState.WAITING}

        async def moved_on() -> bool:
            return (await one(eventer, added.id)).position > failed.position

        await wait_until_async(moved_on)
    assert failed.position not in service_environment.numbers("boo")
    async with service_environment.service() as eventer:
        assert (await one(eventer, added.id)).skipped >= 1


async def test_failing_events_are_skipped_and_counted_with_skip(
    shared_environment: ServiceEnvironment,
) -> None:
    ask = AddRequestBuilder().with_event(template=RAISING, on_error=OnError.SKIP)
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(ask.request)
        view = await until_position(eventer, added.id, 500)
        await eventer.pause(added.id)
        view = await one(eventer, added.id)
        made = shared_environment.texts("boo")
        events: list[bytes] = []
        for first in range(0, view.position, 500):
            count = min(500, view.position - first)
            events += (await eventer.events(added.id, first, count)).events
    assert view.skipped > 0
    assert view.rejections == 0
    assert len(made) == view.position - view.skipped
    assert made == events


async def test_events_that_the_destination_rejects_are_counted_with_skip(
    shared_environment: ServiceEnvironment,
) -> None:
    template = "{ v: std.native('get_one_of')('poison, honey') }"
    ask = AddRequestBuilder().with_event(template=template, on_error=OnError.SKIP)
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(ask.request)
        await until_position(eventer, added.id, 200)
        await eventer.pause(added.id)
        view = await one(eventer, added.id)
    assert view.rejections == view.skipped > 0
    assert len(shared_environment.texts("boo")) == view.position - view.skipped


async def test_a_lost_position_fails_until_one_is_chosen(
    service_environment: ServiceEnvironment,
) -> None:
    choices = {"boo": "destination", "moo": "registry"}
    async with service_environment.service() as eventer:
        added = dict(
            zip(choices, await eventer.add(AddRequestBuilder().to(*choices).request), strict=True)
        )
        for view in added.values():
            await until_position(eventer, view.id, 30)
    forget_positions(service_environment.store)
    counts = {topic: len(service_environment.numbers(topic)) for topic in choices}
    async with service_environment.service() as eventer:
        for topic, position in choices.items():
            await choose(eventer, added[topic].id, position)
            await wait_until_async(partial(has_more, service_environment, topic, counts[topic]))
            await eventer.pause(added[topic].id)
            with pytest.raises(RequestError, match="no position to choose"):
                await eventer.resume(added[topic].id, position=position)
    numbers = {topic: service_environment.numbers(topic) for topic in choices}
    assert numbers["boo"][counts["boo"]] == 0
    assert numbers["moo"][counts["moo"]] == counts["moo"]
    async with service_environment.service() as eventer:
        for topic, view in added.items():
            assert (await one(eventer, view.id)).position == numbers[topic][-1] + 1


async def choose(eventer: Eventer, id_: int, position: str) -> None:
    failed = await until_state(eventer, id_, "failed")
    assert failed.last_error is not None
    assert isinstance(failed.last_error.error, PositionLostError)
    assert f"eventer resume {id_} --position" in (failed.last_error.error.hint or "")
    with pytest.raises(RequestError, match="position lost"):
        await eventer.resume(id_)
    await eventer.resume(id_, position=position)
    await until_state(eventer, id_, "running")


async def has_more(service_environment: ServiceEnvironment, topic: str, count: int) -> bool:
    return len(service_environment.numbers(topic)) > count


async def test_an_emptied_embedded_server_begins_a_new_incarnation(
    service_environment: ServiceEnvironment,
) -> None:
    service_environment.embedded = True
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 30)
    forget_positions(service_environment.store)
    count = len(service_environment.numbers("boo"))
    async with service_environment.service() as eventer:
        await wait_until_async(partial(has_more, service_environment, "boo", count))
        # The service gets the report of a commit after readers see the events.
        await until_state(eventer, added.id, GeneratorState.RUNNING)
    assert service_environment.numbers("boo")[count] == 0


async def test_a_generator_waits_for_a_lost_connection(
    service_environment: ServiceEnvironment,
) -> None:
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 10)
    service_environment.configured = False
    async with service_environment.service() as eventer:
        for _ in range(2):
            view = await one(eventer, added.id)
            assert view.state is GeneratorState.WAITING
            assert view.last_error is not None
            assert "'kafka'" in view.last_error.error.message
            await eventer.pause(added.id)
            await eventer.resume(added.id)
        assert not await eventer.problems()
    service_environment.configured = True
    async with service_environment.service() as eventer:
        await until_position(eventer, added.id, view.position + 20)


async def test_remove_while_the_destination_is_away_answers(
    shared_environment: ServiceEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    async with shared_environment.service() as eventer:
        shared_environment.down()
        (added,) = await eventer.add(AddRequestBuilder().request)
        await eventer.remove([added.id])
    assert "in doubt" not in caplog.text, "the worker said so itself"


async def test_a_pause_with_unknown_outcome_answers_and_resume_reads_the_position(
    shared_environment: ServiceEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 30)
        (shared_environment.store / "doubt").touch()

        async def in_doubt() -> bool:
            return (shared_environment.store / "down").exists()

        await wait_until_async(in_doubt)
        with monkeypatch.context() as impatient:
            impatient.setattr("eventer.service.lifecycle.WITHDRAW_S", 0.3)
            assert (await eventer.pause(added.id)).state is GeneratorState.PAUSED
            await eventer.resume(added.id)
            await eventer.pause(added.id)
            await eventer.resume(added.id)
        shared_environment.up()
        view = await until_state(eventer, added.id, "running")
        await until_position(eventer, added.id, view.position + 100)
        await eventer.pause(added.id)
        made = shared_environment.texts("boo")
        again = await eventer.events(added.id, 0, len(made))
    assert shared_environment.numbers("boo") == list(range(len(made)))
    assert list(again.events) == made


async def test_readiness_and_snapshot(shared_environment: ServiceEnvironment) -> None:
    async with shared_environment.service() as eventer:
        assert not await eventer.problems()
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 100)
        snapshot = await eventer.snapshot()
    assert [g.id for g in snapshot.generators] == [added.id]
    assert len(snapshot.workers) == 4
    shard = snapshot.shards[ShardId("kafka", added.record.shard)]
    assert shard.events >= 100
    assert sum(shard.lateness) == shard.events
    assert shard.guarantee == "exactly-once"
    assert snapshot.generators[0].delivered_rate > 0
