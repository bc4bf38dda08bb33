"""add, list, status, pause, resume and remove with a running service."""

import json

import pytest

from tests.waiting import wait_until

REQUEST = {
    "destinations": [{"id": "d", "type": "postgres", "postgres": {"table": "ticks"}}],
    "events": [
        {"id": "e", "template": "{ n: 1 }", "count": 5, "interval": "200ms", "dataset": "demo"}
    ],
    "schedules": [{"destination_id": "d", "event_id": "e"}],
}

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def ask(shell, service):
    def ask(*args, **options):
        return shell.call(*args, EVENTER_URL=service.url, **options)

    return ask


def add(ask, **event):
    request = REQUEST | {"events": [REQUEST["events"][0] | event]}
    done = ask("add", "-", "--json", stdin=json.dumps(request))
    assert done.returncode == 0, done.stderr
    (generator,) = json.loads(done.stdout)["generators"]
    return generator["id"]


def position(ask, id_):
    return json.loads(ask("status", id_, "--json").stdout)["position"]


def test_a_generators_whole_life(ask, service, shell):
    id_ = add(ask)
    wait_until(lambda: position(ask, id_) > 5, "nothing was delivered")
    (line,) = [line for line in ask("list").stdout.splitlines() if line.startswith(id_)]
    name = "postgres:ticks/e"
    assert line.split()[1:7] == [name, "running", "postgres:ticks", "5", "every", "200ms"]
    assert position(ask, id_[:12]) <= position(ask, name)
    tapped = ask("tap", id_, "-n", 2, "--json").stdout.splitlines()
    assert [json.loads(line)["event"] for line in tapped] == [{"n": 1}] * 2
    paused = ask("pause", name)
    assert (paused.returncode, "paused" in paused.stdout) == (0, True)
    still = position(ask, id_)
    assert ["state", "paused"] in [line.split() for line in ask("status", id_).stdout.splitlines()]
    assert position(ask, id_) == still
    assert "running" in ask("resume", id_).stdout
    wait_until(lambda: position(ask, id_) > still, "it did not go on")
    removed = ask("remove", id_)
    assert (removed.returncode, removed.stdout) == (0, f"removed {id_}\n")
    assert ask("status", id_).returncode == 1


def test_a_request_from_a_file_twice_is_one_generator(ask, shell):
    shell.write("request.json", json.dumps(REQUEST))
    for _ in range(2):
        done = ask("add", "request.json")
        assert done.returncode == 0, done.stderr
    lines = [line for line in ask("list").stdout.splitlines() if "postgres:ticks" in line]
    assert len(lines) == 1
    ask("remove", lines[0].split()[0])


def test_mistakes_are_shown_where_they_are(ask):
    request = REQUEST | {"events": [REQUEST["events"][0] | {"template": "{\n  a: usr }"}]}
    done = ask("add", "-", stdin=json.dumps(request))
    assert (done.returncode, done.stdout) == (78, "")
    assert "/events/0/template: " in done.stderr
    assert "2 |   a: usr }" in done.stderr
    done = ask("add", "-", stdin="{,")
    assert done.returncode == 78
    assert "--> standard input:1:2" in done.stderr


def test_unknown_generator_ids(ask):
    id_ = add(ask, dataset="other")
    done = ask("remove", id_, "5")
    assert done.returncode == 1
    assert done.stdout == f"removed {id_}\n"
    assert "no generator has the id 5" in done.stderr
    assert ask("pause", "5").returncode == 1
    assert "no generator has the name 'x'" in ask("status", "x").stderr
    assert ask("list").stderr == "there are no generators\n"


def test_without_a_service_the_hint_names_the_commands_that_start_one(shell):
    done = shell.call("list", EVENTER_URL="http://127.0.0.1:1")
    assert done.returncode == 69
    assert "eventer serve" in done.stderr
