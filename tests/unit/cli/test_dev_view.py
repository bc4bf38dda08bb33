import shlex
from dataclasses import replace

from eventer.cli.dev_environment import Addresses, example_commands, example_request
from eventer.cli.dev_view import LogView, SeenPositions
from eventer.core.model import GeneratorState
from tests.unit.api.canned_service import view

NEW, OLD = 100, 50
GENERATOR = view(1, state=GeneratorState.RUNNING, last_error=None, created_at=NEW, position=3)


def test_all_events_of_a_new_generator_are_shown():
    seen = SeenPositions(since=NEW)
    assert seen.unseen(GENERATOR, most=10) == (0, 3)
    assert seen.unseen(GENERATOR, most=1) == (2, 3)
    seen.mark_seen(GENERATOR)
    assert seen.unseen(GENERATOR, most=10) == (3, 3)
    assert seen.unseen(replace(GENERATOR, position=5), most=10) == (3, 5)


def test_only_new_events_of_an_older_generator_are_shown():
    seen, old = SeenPositions(since=NEW), view(1, created_at=OLD, position=30)
    assert seen.unseen(old, most=10) == (30, 30)
    seen.mark_seen(old)
    assert seen.unseen(replace(old, position=32), most=10) == (30, 32)
    assert seen.unseen(replace(old, position=2), most=10) == (0, 2), "a new incarnation"


def test_events_go_to_standard_output_and_changes_of_state_to_standard_error(capsys):
    log = LogView([("the API", "curl x")], NEW)
    log.show(GENERATOR, [b"1", b"2", b"3"])
    log.show(GENERATOR, [])
    failed = replace(GENERATOR, state=GeneratorState.FAILED, last_error=view().last_error)
    log.show(failed, [])
    log.close()
    printed = capsys.readouterr()
    assert printed.out == "kafka:boo 0 1\nkafka:boo 1 2\nkafka:boo 2 3\n"
    assert printed.err.splitlines() == [
        "the API:",
        "  curl x",
        "kafka:boo is running",
        "kafka:boo is failed division by zero",
        "GENERATOR  POSITION  ID",
        "kafka:boo  3         1",
    ]


def test_commands_are_ready_to_paste():
    found = dict(example_commands(Addresses("http://h:1", "h:2", "postgresql://u@h:3/db")))
    assert shlex.split(found["the API"]) == ["curl", "http://h:1/generator/status"]
    assert shlex.split(found["a table"])[1:3] == ["postgresql://u@h:3/db", "-c"]
    compile(shlex.split(found["a topic"])[2], "pasted", "exec")


def test_the_examples_are_those_of_the_introduction():
    request = example_request()
    assert [event.interval for event in request.events] == [10**10, 8 * 10**9]
    assert {event.count for event in request.events} == {10}
    assert len(request.schedules) == 4
    assert request.events[0].template.startswith("local get_dataset = std.native('get_dataset');")
