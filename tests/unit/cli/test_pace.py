"""`eventer pace`: the plot and the summary."""

import json

from typer.testing import CliRunner

from eventer.cli.main import app
from eventer.cli.pace import pace_text, plot
from eventer.core.pace import EventRate, PaceSpec, Stage, Stages, Steady
from eventer.service.pace_preview import preview_pace

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def run(value, *options):
    text = value if isinstance(value, str) else json.dumps(value)
    return CliRunner().invoke(app, ["pace", "-", *options], input=text)


def test_bars_have_eighths_of_a_line_and_show_every_event() -> None:
    assert plot([0, 1, 8, 16, 9], 2) == ["   \u2588\u2581", " \u2581\u2588\u2588\u2588"]
    assert plot([0, 0], 2) == ["", ""]
    assert plot([1, 10**9], 1) == ["\u2581\u2588"]


def test_all_of_a_pace_that_ends_is_shown() -> None:
    ramp = Stage(EventRate(0, 1), EventRate(100, SECOND), 10 * SECOND)
    shown = preview_pace(PaceSpec(Stages((ramp,))), NOW, buckets=10)
    assert shown.bucket == SECOND
    assert (shown.events, shown.total) == (500, 500)
    assert shown.counts[0] == 5
    text = pace_text("orders", shown)
    assert text.startswith("orders: 500 events in 10s, on average 50/s, at most 95/s within 1s")
    assert "500 in all, the last at 2023-11-14T22:13:" in text


def test_a_pace_without_an_end_has_no_total() -> None:
    shown = preview_pace(PaceSpec(Steady(EventRate(5, SECOND))), NOW, length=10 * SECOND, buckets=3)
    assert (shown.events, shown.total, shown.last) == (50, None, None)
    assert (sum(shown.counts), len(shown.counts)) == (50, 3)
    assert (shown.begin, shown.mean_rate) == (NOW, 50 * SECOND / (3 * shown.bucket))


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
    assert "b: 168 events in 24h" in run(request).stdout


def test_wrong_paces_are_refused_with_their_place() -> None:
    wrong = run({"pace": {"rate": "5/s", "end": "1970-01-01"}})
    assert wrong.exit_code == 78
    assert "/pace/end" in wrong.stderr
    wrong = run({"pace": {"rat": "5/s"}})
    assert "did you mean 'rate'?" in wrong.stderr
