"""Several services on one registry in PostgreSQL: one leads, the others stand by."""

import http.client
import json
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

import psutil
import pytest

from tests.acceptance.request_bodies import request, table, topic
from tests.acceptance.service_process import Service, table_rows
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
DESTINATIONS = 2
"""Generators per request: all of them are stored, or none."""
LEADER_LOST = 75
"""The exit code of a service that another one replaced."""


@pytest.fixture
def replicas(make_service, kafka, own_postgres, database):
    """Two services on one registry, whose server is their `registry_server`."""
    server = own_postgres()
    pair = Pair(server, [make_service(kafka=kafka, postgres=database.dsn) for _ in range(2)])
    for service in pair.services:
        service.env["EVENTER_REGISTRY"] = server.server_dsn
        service.env["EVENTER_WORKERS"] = "1"
        service.start()
    return pair


@dataclass
class Pair:
    """Two services and the server of their registry."""

    registry_server: object
    services: list[Service]

    @property
    def leader(self):
        """The service that leads, as soon as there is one."""
        return wait_until(self._leader, "no service leads")

    def _leader(self):
        return next((each for each in self.services if leads(each)), None)

    @property
    def standby(self):
        """The service that stands by."""
        leader = self.leader
        return next(each for each in self.services if each is not leader)


def leads(service):
    """Whether a service is the leader, as its metrics say."""
    with suppress(OSError):
        return "eventer_leader 1" in service.get("/metrics")[1]
    return False


def body(name):
    """A request for a topic and a table, both with the name of the request."""
    return request(topic(name), table(name), count=1, interval="100ms", stream=name)


@dataclass
class Client:
    """Adds generators through one service after the other, until it is stopped."""

    services: list[Service]
    prefix: str
    acknowledged: set[str] = field(default_factory=set)
    stopped: Event = field(default_factory=Event)

    def run(self):
        number = 0
        while not self.stopped.is_set():
            name, service = f"{self.prefix}_{number}", self.services[number % 2]
            with suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
                code, answer = service.post("/generator/add", body(name))
                assert code in (200, 503), answer
                if code == 200:
                    self.acknowledged.add(name)
            number += 1
            time.sleep(0.2)


@pytest.mark.parametrize(
    "kills", [1, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(0)])]
)
def test_a_killed_leader_is_replaced_and_nothing_is_lost_or_repeated(replicas, kills):
    """Requests go to both services meanwhile: every acknowledged generator exists."""
    assert replicas.standby.get("/generator/status") == (200, {"generators": []})
    acknowledged, took = set(), []
    for turn in range(kills):
        leader, standby = replicas.leader, replicas.standby
        client = Client(replicas.services, f"turn_{turn}")
        thread = Thread(target=client.run)
        thread.start()
        wait_until(lambda client=client: len(client.acknowledged) >= 2)
        leader.kill()
        killed = time.monotonic()
        wait_until(lambda standby=standby: leads(standby), lambda standby=standby: standby.log)
        took.append(time.monotonic() - killed)
        before = len(client.acknowledged)
        wait_until(
            lambda client=client, before=before: len(client.acknowledged) > before,
            "no generator can be added after a leader was killed",
        )
        client.stopped.set()
        thread.join()
        acknowledged |= client.acknowledged
        leader.start()
        check_generators(replicas.leader, acknowledged)
    print(f"takeovers: {sorted(round(each, 1) for each in took)} s")


def check_generators(service, acknowledged):
    """Checks that all requests are complete and all events were delivered once; removes all."""
    code, answer = service.get("/generator/status")
    assert code == 200
    counts: dict[str, int] = {}
    for each in answer["generators"]:
        target = each["destination"]
        name = target[target["type"]]["topic" if target["type"] == "kafka" else "table"]
        counts[name] = counts.get(name, 0) + 1
    assert acknowledged <= counts.keys()
    assert set(counts.values()) == {DESTINATIONS}
    for each in answer["generators"]:
        wait_until(lambda each=each: service.generator(each["id"])["position"] > 0, service.log)
        assert service.post(f"/generator/pause?id={each['id']}")[0] == 200
        code, report = service.post(f"/generator/verify?id={each['id']}")
        assert code == 200, report
        assert report["clean"], report
        assert service.post(f"/generator/remove?id={each['id']}")[0] == 200
    acknowledged.clear()


@pytest.mark.slow  # tests/integration/registry/test_postgres.py has a lease that was taken over
def test_a_leader_that_was_frozen_ends_and_changes_nothing(replicas):
    leader, standby = replicas.leader, replicas.standby
    assert leader.post("/generator/add", body("frozen"))[0] == 200
    members = leader.processes()
    for member in members:
        member.suspend()
    wait_until(lambda: leads(standby), standby.log)
    assert standby.post("/generator/add", body("later"))[0] == 200
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.resume()
    assert leader.wait_for_exit() == LEADER_LOST
    assert "another service has become the leader" in leader.log
    check_generators(standby, {"frozen", "later"})


@pytest.mark.slow
def test_generators_go_on_while_the_registry_is_gone(replicas):
    leader, standby = replicas.leader, replicas.standby
    assert standby.post("/generator/add", body("ongoing"))[0] == 200
    id = leader.get("/generator/status")[1]["generators"][0]["id"]
    replicas.registry_server.crash(signal.SIGKILL)
    code, answer = leader.post("/generator/add", body("refused"))
    assert (code, "registry" in answer["detail"]) == (503, True)
    position = leader.generator(id)["position"]
    wait_until(lambda: leader.generator(id)["position"] > position + 3, leader.log)
    replicas.registry_server.start()
    wait_until(lambda: leader.post("/generator/add", body("accepted"))[0] == 200, leader.log)
    assert leads(leader)
    check_generators(leader, {"ongoing", "accepted"})


@pytest.mark.slow
def test_the_next_leader_has_the_files_that_templates_read(make_service, own_postgres, database):
    server = own_postgres()
    first, second = (make_service(postgres=database.dsn) for _ in range(2))
    for service in (first, second):
        service.env["EVENTER_REGISTRY"] = server.server_dsn
    library = first.directory / "library"
    library.mkdir()
    (library / "cities.csv").write_text("city\nOslo\nLima\n")
    first.env["EVENTER_LIBRARY"] = str(library)
    template = "{ city: std.native('get_row')('cities.csv').city }"
    first.start()
    code, answer = first.post(
        "/generator/add", request(table("visits"), template=template, count=1, interval="100ms")
    )
    assert code == 200, answer
    id = answer["generators"][0]["id"]
    wait_until(lambda: first.generator(id)["position"] > 3, first.log)
    first.stop()
    second.start()
    wait_until(lambda: leads(second), second.log)
    position = second.generator(id)["position"]
    wait_until(lambda: second.generator(id)["position"] > position + 3, second.log)
    assert second.post(f"/generator/pause?id={id}")[0] == 200
    assert second.post(f"/generator/verify?id={id}")[1]["clean"]
    assert {row["city"] for row in table_rows(database.dsn, "visits")} == {"Oslo", "Lima"}
