"""eventer run: a template's events to a destination, without a service."""

import json
import os
import signal
import subprocess

import psycopg
import pytest

from tests.acceptance.service_process import topic_events
from tests.integration.cli.conftest import without_compile_notice
from tests.integration.destinations.mysql.harness import MysqlHarness
from tests.waiting import DEADLINE_S

COUNTING = "{ id: std.native('get_integer')(1, 1000000) }"
LATE_ERROR = "local n = std.native('get_integer')(1, 50); if n == 50 then error 'fifty' else n"


def preview(shell, count, *args):
    done = shell.call("preview", "t.jsonnet", "-n", count, *args)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def template(shell):
    return shell.write("t.jsonnet", COUNTING)


def test_standard_output_has_the_events_that_preview_shows(shell, template):
    done = shell.run("run", template, "--stdout", "-n", 1000, "--seed", 7)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == preview(
        shell, 1000, "--seed", 7
    )
    assert done.stderr.startswith("1,000 events, ")


def test_the_summary_as_json(shell, template):
    done = shell.call("run", template, "--stdout", "-n", 5, "--seed", 7, "--json")
    summary = json.loads(done.stderr)
    assert (summary["events"], summary["skipped"]) == (5, 0)
    assert set(summary["commit_seconds"]) == {"p50", "p95", "p99"}
    assert summary["lateness_seconds"] is None


@pytest.mark.parametrize(
    ("options", "events", "least_seconds"),
    [
        (("--rate", "20/s", "--duration", "1s"), 20, 0.9),
        (("--count", "3", "--interval", "500ms", "--duration", "1s"), 6, 0.4),
        (("--rate", "1k/s", "--max-events", "1500"), 1500, 1.4),
    ],
)
def test_a_pace_gives_exactly_its_number_of_events(shell, template, options, events, least_seconds):
    done = shell.call("run", template, "--stdout", "--json", *options)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == events
    summary = json.loads(done.stderr.splitlines()[-1])
    assert summary["seconds"] >= least_seconds
    assert set(summary["lateness_seconds"]) == {"p50", "p95", "p99"}


STORY = """local get_duration = std.native('get_duration'), now = std.native('get_now');
local id = std.native('get_index')(), paid = get_duration('50ms', '800ms');
[
  { after: paid, to: 'payments', event: { order: id, at: now('ns', paid) } },
  { after: 0, to: 'orders', event: if id == 2 then error 'two' else { id: id, at: now('ns') } },
]
"""


def test_timelines_interleave_by_rate_and_in_simulated_time(shell):
    shell.write("t.jsonnet", STORY)
    story = ("run", "t.jsonnet", "--stdout", "--timeline", "1s", "--rate", "10/s", "--seed", 7)
    story = (*story, "--at", "2026-01-01", "--on-error", "skip", "--max-events", 8)
    paced = shell.call(*story, "--json")
    assert paced.returncode == 0, paced.stderr
    events = [json.loads(line) for line in paced.stdout.splitlines()]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert sorted(event["id"] for event in events if "id" in event) == [0, 1, 3, 4, 5, 6, 7]
    assert sorted(event["order"] for event in events if "order" in event) == [0, 1, 3, 4, 5, 6, 7]
    assert "warning: skipped timeline 2: two\n" in paced.stderr
    summary = json.loads(paced.stderr.splitlines()[-1])
    assert (summary["events"], summary["skipped"]) == (14, 1)
    assert set(summary["lateness_seconds"]) == {"p50", "p95", "p99"}
    fast = shell.call(*story, "--fast", "--json")
    assert fast.stdout == paced.stdout
    assert json.loads(fast.stderr.splitlines()[-1])["lateness_seconds"] is None
    only = shell.call(*story, "--fast", "--only", "orders")
    assert [*map(json.loads, only.stdout.splitlines())] == [e for e in events if "id" in e]
    shown = shell.call("preview", "t.jsonnet", "--timeline", "1s", "-n", 2, "--seed", 7)
    assert [json.loads(line)["index"] for line in shown.stdout.splitlines()[:2]] == [0, 1]
    nothing = shell.call(
        "preview", "t.jsonnet", "--timeline", "1s", "-n", 2, "--seed", 7, "--only", "order"
    )
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "warning: no step has `to`: 'order' (did you mean 'orders'?)\n"
    nothing = shell.call(*story, "--fast", "--only", "order")
    warning = "warning: no step has `to`: 'order'"
    assert nothing.stderr.startswith(f"{warning} (did you mean 'orders'?)\n")
    assert f"{warning}; omit --only to take all steps\n" in nothing.stderr


def test_a_timeline_that_raises_stops_a_run_when_all_before_it_is_delivered(shell):
    shell.write("t.jsonnet", STORY)
    story = ("run", "t.jsonnet", "--stdout", "--timeline", "1s", "--rate", "10/s", "--fast")
    done = shell.call(*story, "--seed", 7)
    assert done.returncode != 0
    assert done.stderr.startswith("error: two\n")
    assert {event.get("id") for event in map(json.loads, done.stdout.splitlines())} >= {0, 1}


def test_a_reader_that_removes_copies_is_scored_with_a_preview(shell):
    shell.write(
        "t.jsonnet", "local n = std.native('get_index')(); { id: n, at: std.native('get_now')() }"
    )
    faults = (
        '[{"kind":"late","probability":0.1,"by":["200ms","400ms"]},'
        '{"kind":"duplicate","probability":0.2,"by":["0s","300ms"]}]'
    )
    run = ("run", "t.jsonnet", "--stdout", "--seed", 7, "--rate", "200/s", "-n", 200)
    run = (*run, "--at", "2026-01-01")
    paced = shell.call(*run, "--faults", faults, "--json")
    assert paced.returncode == 0, paced.stderr
    lateness = json.loads(paced.stderr.splitlines()[-1])["lateness_seconds"]
    assert set(lateness) == {"p50", "p95", "p99"}
    fast = shell.call(*run, "--faults", faults, "--fast")
    assert fast.stdout == paced.stdout
    healthy = shell.call(*run, "--fast")
    lines = fast.stdout.splitlines()
    read = sorted(set(lines), key=lambda line: json.loads(line)["id"])
    assert read == healthy.stdout.splitlines()
    shown = shell.call("preview", "t.jsonnet", "-n", 200, "--seed", 7, "--faults", faults)
    key = [json.loads(line) for line in shown.stdout.splitlines()]
    assert len(lines) == len(key)
    assert len(lines) - len(read) == sum(step["step"] > 0 for step in key) > 0
    refused = shell.call("run", "t.jsonnet", "--stdout", "-n", 1, "--faults", faults)
    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
        78,
        "error: --faults needs a pace: --rate, --interval or --stages",
    )


def test_stages_with_a_past_end_by_themselves_and_fail_beyond_a_threshold(shell, template):
    shape = ("--stages", "100/s for 500ms, to 300/s for 500ms", "--arrivals", "random")
    conditions = ("--fail-if", "events < 200", "--fail-if", "events < 150")
    done = shell.call(
        "run", template, "--stdout", "--json", *shape, "--start", "now-1h", *conditions
    )
    assert done.returncode == 3, done.stderr
    assert len(done.stdout.splitlines()) == 150
    assert json.loads(done.stderr.splitlines()[-2])["failed_thresholds"] == ["events < 200"]
    assert done.stderr.splitlines()[-1] == "threshold: events < 200: it is 150"


def test_the_first_failing_threshold_aborts_a_run(shell):
    shell.write("t.jsonnet", "if std.native('get_integer')(0, 9) < 5 then error 'no' else 1")
    options = ("--rate", "20/s", "--on-error", "skip", "--fail-if", "skipped > 0", "--abort")
    done = shell.call("run", "t.jsonnet", "--stdout", "--max-events", 100_000, *options)
    assert done.returncode == 3, done.stderr
    assert "threshold: skipped > 0" in done.stderr


def test_a_duration_ends_an_unpaced_run(shell, template):
    done = shell.call("run", template, "--stdout", "--duration", "500ms", "--seed", 1)
    assert done.returncode == 0, done.stderr
    told = int(done.stderr.split(" events", maxsplit=1)[0].replace(",", ""))
    assert told == len(done.stdout.splitlines()) > 0


def test_scheduled_times_follow_the_pace_from_at_on(shell):
    shell.write("t.jsonnet", "std.native('get_timestamp')('now', 'now', '1ns')")
    args = ("--count", 2, "--interval", "100ms", "-n", 6, "--at", "2021-12-01T00:00:00Z")
    done = shell.call("run", "t.jsonnet", "--stdout", *args)
    assert [text.partition(".")[2][:1] for text in done.stdout.split()] == list("001122")
    assert done.stdout.startswith('"2021-12-01T00:00:00.0')


def test_a_closed_standard_output_ends_the_run_silently(shell, template):
    command = f"set -o pipefail; {shell_command(shell)} run t.jsonnet --stdout --seed 1 | head -n 2"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=shell.folder,
        env=shell.env,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert len(done.stdout.splitlines()) == 2
    assert without_compile_notice(done.stderr) == ""
    assert done.returncode == 141


def shell_command(shell):
    import sys

    return f"{sys.executable} -m eventer"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_an_interrupt_commits_and_sums_up(shell, template, number, code):
    process = shell.start("run", template, "--stdout", "--rate", "50/s", "--seed", "1")
    first = [process.stdout.readline() for _ in range(3)]
    os.kill(process.pid, number)
    rest, said = process.stdout.read(), process.stderr.read()
    assert process.wait() == code
    told = int(said.split(" events", maxsplit=1)[0].replace(",", ""))
    assert told == len(first) + len(rest.splitlines())


def test_an_event_that_raises_stops_after_those_before_it(shell):
    shell.write("t.jsonnet", LATE_ERROR)
    done = shell.call("run", "t.jsonnet", "--stdout", "-n", 1000, "--seed", 3)
    skipped = shell.call(
        "run", "t.jsonnet", "--stdout", "-n", 1000, "--seed", 3, "--on-error", "skip"
    )
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert "t.jsonnet:1:" in done.stderr
    assert skipped.returncode == 0
    assert " skipped" in skipped.stderr
    events, all_events = done.stdout.split(), skipped.stdout.split()
    assert events == all_events[: len(events)]
    assert len(events) < len(all_events) < 1000


def test_a_template_with_an_error_in_every_event(shell):
    shell.write("t.jsonnet", "{ a: x }")
    done = shell.call("run", "t.jsonnet", "--stdout")
    assert (done.returncode, done.stdout) == (78, "")
    assert "t.jsonnet:1:6" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "--stdout, --kafka TOPIC, --postgres TABLE"),
        (("--kafka", "t"), 78, "EVENTER_KAFKA__BOOTSTRAP_SERVERS"),
        (("--stdout", "--rate", "fast"), 2, "'fast' is not a rate"),
        (("--stdout", "--duration", "long"), 2, "not a duration"),
        (("--stdout", "--fail-if", "late > 5s"), 2, "unknown metric 'late'"),
        (("--stdout", "--fail-if", "rate < 0.99"), 2, "rate needs a pace"),
        (("--stdout", "--abort"), 2, "--abort needs --fail-if"),
        (("--stdout", "--interval", "0s"), 2, "--interval 0s"),
        (("--stdout", "--count", "3"), 2, "--max-events"),
        (("--postgres", "x" * 64), 2, "--postgres"),
    ],
)
def test_invalid_options(shell, template, options, code, said):
    done = shell.call("run", template, *options)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    if code == 2:
        assert "gives the same events again" not in done.stderr


def test_an_unreachable_destination_is_reported_at_once(shell, template):
    env = {
        "EVENTER_POSTGRES__DSN": "postgresql://127.0.0.1:1/x",
        "EVENTER_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    }
    for option in ("--postgres", "--kafka"):
        done = shell.call("run", template, option, "t", "-n", 1, **env)
        assert done.returncode == 69, done.stderr
        assert "127.0.0.1:1" in done.stderr


def test_an_option_whose_field_no_event_has_is_a_warning(shell):
    """As of `add`: the fields of the template are not all known in advance."""
    shell.write("t.jsonnet", "{ order: 1, ['f' + std.native('get_integer')(1, 9)]: 2 }")
    env = {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    for key, warned in (("ordr", True), ("order", False), ("f1", False)):
        done = shell.call("run", "t.jsonnet", "--kafka", "t", "--key", key, "-n", 1, **env)
        assert ("none of the first events has" in done.stderr) == warned
        assert ("did you mean 'order'?" in done.stderr) == warned


def test_watch_runs_again_on_every_save(shell, template):
    process = shell.start("run", template, "--stdout", "-n", "1", "--seed", "1", "--watch")
    first = process.stdout.readline()
    assert "id" in json.loads(first)
    for text, expected in (("{ broken", None), ("'saved'", '"saved"\n')):
        while "waiting for t.jsonnet" not in process.stderr.readline():
            pass
        shell.write("t.jsonnet", text)
        if expected is not None:
            assert process.stdout.readline() == expected
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 130


@pytest.mark.kafka
def test_a_topic_gets_all_events_once(shell, template, kafka):
    env = {"EVENTER_KAFKA__BOOTSTRAP_SERVERS": kafka}
    topic = f"cli-run-{os.getpid()}"
    args = ("--kafka", topic, "--key", "id", "-n", 3000, "--seed", 7, "--json")
    done = shell.call("run", template, *args, **env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"] == 3000
    events = topic_events(kafka, topic)
    expected = preview(shell, 3000, "--seed", 7)
    assert sorted(e["id"] for e in events) == sorted(e["id"] for e in expected)


@pytest.mark.postgres
def test_a_table_gets_all_rows(shell, template, database):
    env = {"EVENTER_POSTGRES__DSN": database.dsn}
    args = ("--postgres", "orders", "--key", "id", "--rate", "2k/s", "--duration", "1s")
    done = shell.call("run", template, *args, "--seed", 7, **env)
    assert done.returncode == 0, done.stderr
    expected = {event["id"] for event in preview(shell, 1000, "--seed", 7)}
    expected |= {e["id"] for e in preview(shell, 1000, "--seed", 7, "--first", 1000)}
    with psycopg.connect(database.dsn) as connection:
        rows = connection.execute("select id from orders").fetchall()
    assert {id_ for (id_,) in rows} == expected


@pytest.mark.postgres
def test_the_steps_of_a_timeline_change_one_row(shell, database):
    shell.write(
        "t.jsonnet",
        """local id = std.native('get_index')(), paid = std.native('get_duration')('1s', '9s');
        [{ after: paid, event: { id: id, status: 'paid' } }]
        + [{ after: 0, event: { id: id, status: 'new' } }]
        + (if id % 3 == 0 then [{ after: '10s', event: { id: id, op: 'delete' } }] else [])
        """,
    )
    story = ("run", "t.jsonnet", "--timeline", "10s", "--rate", "100/s", "--fast", "-n", 900)
    target = ("--postgres", "stories", "--key", "id", "--op", "op", "--omit", "op")
    done = shell.call(*story, *target, "--seed", 7, EVENTER_POSTGRES__DSN=database.dsn)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(database.dsn) as connection:
        rows = connection.execute("select id, status from stories order by id").fetchall()
        types = connection.execute(
            "select data_type from information_schema.columns where table_name = 'stories' "
            "order by column_name"
        ).fetchall()
    assert rows == [(id_, "paid") for id_ in range(900) if id_ % 3]
    assert types == [("bigint",), ("text",)]


def test_a_table_of_mysql_gets_all_events_once(shell, mysql_dsn):
    template = shell.write("rows.jsonnet", "{ id: std.native('get_index')(), text: 'x' }")
    options = ("--to", "mysql:run_rows", "--key", "id", "-n", 1000, "--json")
    done = shell.run("run", template, *options, EVENTER_MYSQL__DSN=mysql_dsn)
    assert json.loads(done.stdout)["events"] == 1000, done.stderr
    found = MysqlHarness(mysql_dsn).execute("SELECT count(*) AS n, sum(id) AS s FROM run_rows")
    assert found == [{"n": 1000, "s": 499_500}]
