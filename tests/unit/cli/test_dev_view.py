import io
import re
import shlex
from contextlib import closing
from dataclasses import replace

import pytest
from rich.console import Console

from eventer.cli.dev_environment import Addresses, example_commands, example_request
from eventer.cli.dev_view import CommittedTotals, LiveView, LogView, SeenPositions, fitting_texts
from eventer.core.model import GeneratorState
from eventer.core.pace import ticks
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
        printed.err.splitlines()[-1],
    ]
    assert printed.err.splitlines()[-1].startswith("3 events (")


def test_commands_are_ready_to_paste():
    found = dict(example_commands(Addresses("http://h:1", "h:2", "postgresql://u@h:3/db")))
    assert shlex.split(found["the API"]) == ["curl", "http://h:1/generator/status"]
    assert shlex.split(found["a table"])[1:3] == ["postgresql://u@h:3/db", "-c"]
    compile(shlex.split(found["a topic"])[2], "pasted", "exec")


def test_the_examples_are_those_of_the_introduction():
    request = example_request()
    paces = [ticks(10, 10**10), ticks(10, 8 * 10**9)]
    assert [event.pace for event in request.events] == paces
    assert len(request.schedules) == 4
    assert request.events[0].template.startswith("local get_dataset = std.native('get_dataset');")


def test_a_removed_generator_is_not_shown_any_more(capsys):
    log = LogView([], NEW)
    log.show(GENERATOR, [b"1", b"2", b"3"])
    log.retain({GENERATOR.id})
    log.retain(set())
    log.show(replace(GENERATOR, position=1), [b"1"])
    printed = capsys.readouterr()
    assert "kafka:boo is removed" in printed.err
    assert printed.out.endswith("kafka:boo 0 1\n"), "added again, it begins at event 0"


def test_the_live_view_ends_with_the_positions_and_totals(live_view, capsys):
    with live_view() as live:
        live.show(GENERATOR, [])
    *_, positions, totals = capsys.readouterr().err.splitlines()
    assert positions.split() == ["kafka:boo", "3", "1"]
    assert totals.startswith("3 events (")


def test_totals_count_what_was_committed_since_the_start():
    totals = CommittedTotals(NEW)
    old = view(1, created_at=OLD, position=30, bytes=300)
    for each in (old, replace(old, position=32, bytes=320), replace(old, position=1, bytes=10)):
        totals.add(each)
    assert (totals.events, totals.bytes) == (3, 30), "2, and 1 of a new incarnation"
    new = view(2, created_at=NEW, position=3, bytes=1 << 20)
    totals.add(new)
    totals.forget(2)
    totals.add(new)
    assert totals.text(NEW + 5 * 10**9) == "9 events (2.0 MiB of JSON text) in 5.0 s"


@pytest.fixture
def live_view(monkeypatch):
    """Makes live views on a terminal of 60 columns and 12 lines, whose width can be set."""
    console = Console(file=io.StringIO(), force_terminal=True, width=60, height=12)
    monkeypatch.setattr("rich.console.Console", lambda: console)
    return lambda: closing(LiveView([("the API", "curl x")], NEW))


def drawn(live):
    console = live._console
    console.file.seek(0)
    console.file.truncate()
    live.draw()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue())


def test_committed_events_scroll_by_in_a_line_each_above_the_table(live_view):
    event = b'{"text":"' + b"x" * 100 + b'"}'
    with live_view() as live:
        live.show(GENERATOR, [event, b"{}"])
        text = drawn(live)
        (shown,) = (line for line in text.splitlines() if '"text"' in line)
        assert shown.startswith('kafka:boo 0 {"text":"xxx')
        assert len(shown) <= 60
        assert text.index("kafka:boo 1 {}") < text.index("kafka:boo  running")
        assert "kafka:boo 0" not in drawn(live), "each event is shown once"
        live.retain(set())
        assert "kafka:boo is removed" in drawn(live)
        assert "kafka:boo" not in drawn(live)


def test_the_pages_of_the_live_view_show_all_generators(live_view):
    with live_view() as live:
        for number in range(20):
            live.show(view(number, state=GeneratorState.RUNNING, last_error=None), [])
        pages = []
        for turned in (0, 1, 1, 1, 1, -9):
            live.turn(turned)
            pages.append(re.search(r"(\d+ to \d+) of 20", drawn(live))[1])
        assert pages == ["1 to 6", "7 to 12", "13 to 18", "19 to 20", "19 to 20", "1 to 6"]
        live.retain(range(6))
        assert "of 6" not in drawn(live)


def test_a_resized_terminal_is_cleared_and_drawn_again(live_view):
    with live_view() as live:
        live.show(GENERATOR, [])
        assert "curl x" not in drawn(live)
        live._console.width = 50
        assert "curl x" in drawn(live)


def test_texts_that_do_not_fit_are_left_out():
    texts = ["x" * 11, "y" * 21, "z"]
    assert fitting_texts(texts, width=10, lines=3) == ["xxxxxxxxxx\nx", "z"]
    assert fitting_texts(["x"], width=10, lines=0) == []
