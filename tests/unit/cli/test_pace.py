"""`eventer pace`: the plot and the summary."""

import json
from typing import Any

import typer
from click.testing import CliRunner

from eventer.cli.main import app
from eventer.cli.pace import pace_text, plot
from eventer.core.pace import EventRate, PaceSpec, Stage, Stages, Steady
from eventer.core.rate import parse_rate
from eventer.service.pace_preview import preview_pace
from tests.families import family

CLI = typer.main.get_command(app)
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def run(value, *options):
    text = value if isinstance(value, str) else json.dumps(value)
    return CliRunner().invoke(CLI, ["pace", "-", *options], input=text)


def test_bars_have_eighths_of_a_line_and_show_every_event() -> None:
    assert plot([0, 1, 8, 16, 9], 2, 16) == ["   \u2588\u2581", " \u2581\u2588\u2588\u2588"]
    assert plot([0, 0], 2, 0) == ["", ""]
    assert plot([16, 17], 1, 16) == ["\u2588\u2588"]
    assert plot([1, 10**9], 1, 10**9) == ["\u2581\u2588"]


def test_all_of_a_pace_that_ends_is_shown() -> None:
    ramp = Stage(EventRate(0, 1), EventRate(100, SECOND), 10 * SECOND)
    shown = preview_pace(PaceSpec(Stages((ramp,))), NOW, buckets=10)
    assert shown.bucket == SECOND
    assert (shown.events, shown.total) == (500, 500)
    assert shown.counts[0] == 5
    text = pace_text("orders", shown)
    assert text.startswith("orders: 500 events in 10 s, on average 50/s, at most 100/s, a bar")
    assert "500 in all, the last at 2023-11-14T22:13:" in text


def test_a_pace_without_an_end_has_no_total() -> None:
    shown = preview_pace(PaceSpec(Steady(parse_rate("5/s"))), NOW, length=10 * SECOND, buckets=3)
    assert (shown.events, shown.total, shown.last) == (50, None, None)
    assert (shown.counts, shown.bucket) == ((17, 17, 16), 3_400_000_000)
    assert (shown.begin, shown.length, shown.mean_rate) == (NOW, 10 * SECOND, 5)


@family("rate", ["50/s", "7/s", "0.5/h", "61/m", "1.234567/s", "3333.3/s", "5M/s"])
@family("length", [None, 3_600 * SECOND])
@family("max_events", [None, 1_000])
def test_an_even_rate_is_flat(rate: str, length: int | None, max_events: int | None) -> None:
    spec = PaceSpec(Steady(parse_rate(rate)), max_events=max_events)
    shown = preview_pace(spec, NOW, length=length, buckets=10)
    assert shown.peak_rate == parse_rate(rate).per_second
    assert shown.mean_rate <= shown.peak_rate
    counts = shown.counts[:-1]
    ended = max_events is not None and length is not None
    assert ended or max(counts, default=1) - min(counts, default=1) <= max(counts, default=1) / 64


def test_the_default_of_an_even_rate_is_whole_seconds() -> None:
    text = run({"rate": "50/s"}).stdout
    begin = (
        "standard input: 3,000 events in 1 min, on average 50/s, at most 50/s, a bar for each 1 s"
    )
    assert text.startswith(begin)
    lines = text.splitlines()[1:-1]
    assert {line.partition("|")[2] for line in lines} == {"\u2588" * 60}
    fast = run({"rate": "5M/s"}).stdout
    assert "300,000,000 events in 1 min, on average 5,000,000/s, at most 5,000,000/s" in fast
    one = run({"rate": "0.5/h"}, "--for", "1h", "--buckets", "10").stdout
    assert one.startswith(
        "standard input: 1 event in 1 h, on average 0.0001389/s, at most 0.0001389/s"
    )


@family("pace", [{"rate": "5/s"}, {"pace": {"rate": "5/s"}}, {"interval": "1s", "count": 5}])
@family("extra", [{}, {"max_events": 5}])
def test_a_pace_may_stand_alone(pace: dict[str, Any], extra: dict[str, Any]) -> None:
    pace = {"pace": pace["pace"] | extra} if "pace" in pace else pace | extra
    shown = json.loads(run(pace, "--json").stdout)["paces"][0]
    assert shown["event"] == "standard input"
    assert shown["events"] == (5 if extra else 300)


def test_the_paces_of_a_request_are_shown_by_event() -> None:
    request = {
        "destinations": [{"id": "d", "type": "kafka", "kafka": {"topic": "t"}}],
        "events": [
            {"id": "a", "template": "{}", "count": 3, "interval": "1s"},
            {"id": "b", "template": "{}", "pace": {"cron": "0 * * * *", "count": 7}},
        ],
        "schedules": [{"destination_id": "d", "event_id": "a"}],
    }
    shown = run(request, "--json")
    assert shown.exit_code == 0, shown.output
    paces = json.loads(shown.stdout)["paces"]
    assert [each["event"] for each in paces] == ["a", "b"]
    assert [each["events"] for each in paces] == [180, 168]
    assert "b: 168 events in 24 h" in run(request).stdout


def test_wrong_paces_are_refused_with_their_place() -> None:
    wrong = run({"pace": {"rate": "5/s", "end": "1970-01-01"}})
    assert wrong.exit_code == 78
    assert "/pace/end" in wrong.stderr
    wrong = run({"rate": "5/s", "end": "1970-01-01"})
    assert "/end" in wrong.stderr
    assert "/pace" not in wrong.stderr
    wrong = run({"rat": "5/s"})
    assert "did you mean 'rate'?" in wrong.stderr
    wrong = run({"pace": {"rat": "5/s"}})
    assert "did you mean 'rate'?" in wrong.stderr
