"""A million steps that wait for their time: memory, and the time until a killed service goes on."""

import time
import uuid

import pytest

from tests.acceptance.request_bodies import request, topic
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.timing]
STEPS, MILLION = 100, 1_000_000
MORE = 50
"""Steps that take two seconds to become due, so the kill comes before they are delivered."""
RESTART_S, BYTES = 10, 400 << 20
STORY = f"""
local e = import 'eventer.libsonnet';
[
  {{ after: 800 * step, event: {{ story: e.index(), step: step, at: e.now('ms', 800 * step) }} }}
  for step in std.range(0, {STEPS - 1})
]
"""
BODY = request(topic(f"waiting_{uuid.uuid4().hex[:12]}"), template=STORY)
EVENT = BODY["events"][0]
del EVENT["count"], EVENT["interval"]
EVENT |= {
    "pace": {"rate": "7/s", "start": "now-30m"},
    "timeline": {"horizon": "24h"},
    "catch_up": "replay",
}


def test_a_million_waiting_steps_survive_a_restart(kafka, make_service):
    service = make_service(kafka=kafka).start()
    memory = service.memory()
    code, added = service.post("/generator/add", BODY)
    assert code == 200, added
    (generator,) = added["generators"]
    wait_for_position(service, generator, generator["position"] + generator["lag"])
    status = service.generator(generator["id"])
    waiting, grown = STEPS * status["timelines"] - status["position"], service.memory() - memory
    print(f"{waiting:,} steps wait; memory grew by {grown / 2**20:.0f} MiB (bound: {BYTES >> 20})")

    position = service.generator(generator["id"])["position"]
    service.kill()
    began = time.monotonic()
    service.start()
    ready = time.monotonic() - began
    wait_for_position(service, generator, position + MORE)
    seconds, cpu = time.monotonic() - began, service.cpu_seconds()
    print(
        f"ready after {ready:.1f} s, the next steps were delivered after {seconds:.1f} s "
        f"(bound: {RESTART_S} s) and {cpu:.1f} s of CPU time"
    )
    assert service.post(f"/generator/pause?id={generator['id']}")[0] == 200
    code, verified = service.post(f"/generator/verify?id={generator['id']}")
    assert (code, verified["clean"]) == (200, True), verified
    service.stop()
    assert waiting >= MILLION
    assert grown <= BYTES
    assert seconds <= RESTART_S


def wait_for_position(service, generator, position):
    wait_until(
        lambda: service.generator(generator["id"])["position"] >= position, lambda: service.log
    )
