"""The service is killed while it adds: every acknowledged request is stored completely.

In the default tests, tests/integration/registry/test_kills.py kills a process that adds.
"""

import asyncio
import concurrent.futures
import http.client
import json
import random

import pytest

from eventer.registry.sqlite import REGISTRY_FILE_NAME, SqliteRegistry
from tests.acceptance.request_bodies import request, topic
from tests.acceptance.service_process import Service

GENERATORS = 3
"""Generators per request: all of them are stored, or none."""
CLIENTS = 3


def request_body(name):
    """A request for `GENERATORS` generators; their stream has the name of the request."""
    topics = [topic(f"{name}_{at}") for at in range(GENERATORS)]
    return request(*topics, template="{ a: 1 }", interval="1h", stream=name)


def add_until_killed(service, prefix):
    """Posts requests until the service is killed; returns the acknowledged and the sent names."""
    acknowledged, sent = set(), []
    for number in range(10_000):
        name = f"{prefix}_{number}"
        sent.append(name)
        try:
            code, answer = service.post("/generator/add", request_body(name))
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return acknowledged, sent
        assert code == 200, answer
        acknowledged.add(name)
    raise AssertionError("the service was not killed")


async def stored_streams(service):
    """The number of generators on disk for each stream."""
    path = service.directory / "data" / REGISTRY_FILE_NAME
    async with await SqliteRegistry.open(path) as registry:
        counts: dict[str, int] = {}
        for record in await registry.all():
            assert record.segments
            assert record.fingerprints
            name = record.spec.event_source.stream.name
            counts[name] = counts.get(name, 0) + 1
        return counts


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(1, id="once", marks=pytest.mark.slow),
        pytest.param(500, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
async def test_acknowledged_requests_are_stored_completely(kills, tmp_path):
    # No broker listens there: the generators wait, and the service only adds.
    service = Service(tmp_path, kafka="127.0.0.1:1")
    service.env["EVENTER_WORKERS"] = "1"
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    sent: set[str] = set()
    unacknowledged = 0
    for number in range(kills):
        service.start()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            adding = [
                clients.submit(add_until_killed, service, f"k{number}_{c}") for c in range(CLIENTS)
            ]
            await asyncio.sleep(chance.uniform(0.0, 0.8))
            service.kill()
            for future in adding:
                future_acknowledged, future_sent = future.result()
                acknowledged |= future_acknowledged
                sent |= set(future_sent)
        stored = await stored_streams(service)
        assert acknowledged <= stored.keys(), acknowledged - stored.keys()
        assert stored.keys() <= sent
        assert set(stored.values()) <= {GENERATORS}, stored
        unacknowledged = len(stored.keys() - acknowledged)
        if number % 25 == 24:  # a large registry would slow down each start
            (service.directory / "data" / REGISTRY_FILE_NAME).rename(
                tmp_path / f"registry-{number}"
            )
            for companion in (service.directory / "data").glob(f"{REGISTRY_FILE_NAME}-*"):
                companion.unlink()
            acknowledged, sent = set(), set()
    print(f"{len(acknowledged)} acknowledged in the last registry, {unacknowledged} more stored")
