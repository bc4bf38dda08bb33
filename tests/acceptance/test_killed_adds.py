"""The service killed while it adds: what it had acknowledged is there, and nothing by halves."""

import asyncio
import concurrent.futures
import http.client
import json
import random

import pytest

from eventer.registry.sqlite import REGISTRY_FILE_NAME, SqliteRegistry
from tests.acceptance.request_bodies import request, topic
from tests.acceptance.service_process import Service

TOGETHER = 3
"""Generators of one request: all of them, or none."""
CLIENTS = 3


def body_of(name):
    """A request for a few generators, of a stream that says which request it was."""
    places = [topic(f"{name}_{at}") for at in range(TOGETHER)]
    return request(*places, template="{ a: 1 }", interval="1h", stream=name)


def keep_adding(service, prefix):
    """Posts one request after the other until the service is gone; those acknowledged, and sent."""
    acknowledged, sent = set(), []
    for number in range(10_000):
        name = f"{prefix}_{number}"
        sent.append(name)
        try:
            code, answer = service.post("/generator/add", body_of(name))
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return acknowledged, sent
        assert code == 200, answer
        acknowledged.add(name)
    raise AssertionError("it was never killed")


async def streams_of(service):
    """How many generators of each stream are on disk, as the next start will find them."""
    path = service.directory / "data" / REGISTRY_FILE_NAME
    async with await SqliteRegistry.open(path) as registry:
        found: dict[str, int] = {}
        for record in await registry.all():
            assert record.segments
            assert record.fingerprints
            name = record.spec.event_source.stream.name
            found[name] = found.get(name, 0) + 1
        return found


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(3, id="few"),
        pytest.param(500, id="many", marks=[pytest.mark.slow, pytest.mark.timeout(3600)]),
    ],
)
async def test_what_was_acknowledged_is_there(kills, tmp_path):
    # Nothing listens there: generators wait, and adding is all that the service does.
    service = Service(tmp_path, kafka="127.0.0.1:1")
    service.env["EVENTER_WORKERS"] = "1"
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    acknowledged: set[str] = set()
    sent: set[str] = set()
    unheard = 0
    for number in range(kills):
        service.start()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            adding = [
                clients.submit(keep_adding, service, f"k{number}_{c}") for c in range(CLIENTS)
            ]
            await asyncio.sleep(chance.uniform(0.0, 0.8))
            service.kill()
            for each in adding:
                mine, asked = each.result()
                acknowledged |= mine
                sent |= set(asked)
        found = await streams_of(service)
        assert acknowledged <= found.keys(), acknowledged - found.keys()
        assert found.keys() <= sent
        assert set(found.values()) <= {TOGETHER}, found
        unheard = len(found.keys() - acknowledged)
        if number % 25 == 24:  # else it does little but take up what is there
            (service.directory / "data" / REGISTRY_FILE_NAME).rename(
                tmp_path / f"registry-{number}"
            )
            for rest in (service.directory / "data").glob(f"{REGISTRY_FILE_NAME}-*"):
                rest.unlink()
            acknowledged, sent = set(), set()
    print(f"{len(acknowledged)} acknowledged since the last, {unheard} more on disk")
