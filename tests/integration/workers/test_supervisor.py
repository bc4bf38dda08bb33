"""A crashed worker is detected, and its event is reported."""

import asyncio

import pytest
import pytest_asyncio

from eventer.core.clock import SystemClock
from eventer.core.model import (
    EventContext,
    EventSource,
    GeneratorSpec,
    KafkaTarget,
    PositionKey,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import ticks
from eventer.runs.assignment import Assignment
from eventer.runs.shard_messages import PositionRead
from eventer.workers import supervisor, worker_process
from eventer.workers.fork_client import ForkClient
from eventer.workers.messages import AssignFlow, ResumeFlow, ShardEvent, ShardId, WorkerConfig
from tests.integration.workers.harm import AT, HARMFUL, HarmfulConnector
from tests.waiting import DEADLINE_S

SHARD = ShardId("kafka", 0)
KEY = PositionKey(1, 5, 1)
MEMORY = 512 << 20

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fork_client():
    client = ForkClient()
    yield client
    client.stop()


class Victim:
    """A worker that generates events that crash it."""

    def __init__(self, folder, harm, fork_client):
        event_source = EventSource(Template(HARMFUL % harm), Stream(1), EventContext())
        self._assignment = Assignment(KEY, GeneratorSpec(event_source, KafkaTarget("boo")))
        self.died_of = asyncio.get_running_loop().create_future()
        self.worker = supervisor.Supervisor(
            "victim",
            WorkerConfig("delivery", 1, {"kafka": HarmfulConnector(folder)}, None, MEMORY),
            fork_client,
            on_ready=self._arrived,
            on_message=self._hear,
            on_exit=self._gone,
        )

    def _arrived(self, fingerprint):
        self.worker.send(AssignFlow(SHARD, self._assignment))

    def _hear(self, message):
        if isinstance(message, ShardEvent) and isinstance(message.update, PositionRead):
            now = SystemClock().now_ns()
            self.worker.send(ResumeFlow(SHARD, KEY, (Segment(now, 0, ticks(AT + 1, 10**9)),)))

    def _gone(self, making):
        if not self.died_of.done():
            self.died_of.set_result(making)


@pytest.mark.parametrize("harm", ["crash", "hang", "devour", "spin"])
async def test_a_stuck_worker_ends_and_marks_its_event(harm, tmp_path, fork_client, monkeypatch):
    monkeypatch.setattr(supervisor, "PING_S", 0.2)
    monkeypatch.setattr(worker_process, "START_S", DEADLINE_S)
    monkeypatch.setattr(supervisor, "OVERRUN_S", 1.0 if harm == "hang" else DEADLINE_S)
    victim = Victim(tmp_path, harm, fork_client)
    victim.worker.start()
    try:
        making = await asyncio.wait_for(victim.died_of, DEADLINE_S)
    finally:
        await victim.worker.stop()
    assert (making.key, making.first) == (KEY, 0)
