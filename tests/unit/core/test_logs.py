"""Log lines have a time in UTC and a stable name, and each event is one line."""

import ast
import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eventer.core import logs
from eventer.core.logs import JsonFormatter, LogSettings, TextFormatter, event

ROOT = Path(__file__).parents[3]
METHODS = {"debug", "info", "warning", "error", "exception", "critical"}


def record(message, *args, error=None, **extra):
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("eventer.x", logging.WARNING, "x.py", 1, message, args, exc_info)
    made.__dict__.update(extra, created=1_777_890_030.1234)
    return made


def test_a_json_line_has_the_name_and_the_fields_of_its_event():
    line = JsonFormatter().format(
        record("shard %d\nwaits", 1, **event("shard_waiting", shard=1, connection="kafka"))
    )
    assert "\n" not in line
    shown = json.loads(line)
    del shown["pid"], shown["process"]
    assert shown == {
        "time": "2026-05-04T10:20:30.123Z",
        "level": "warning",
        "event": "shard_waiting",
        "message": "shard 1\nwaits",
        "logger": "eventer.x",
        "shard": 1,
        "connection": "kafka",
    }


def test_a_json_line_of_another_library_with_a_traceback():
    try:
        raise ValueError("a\nb")  # noqa: TRY301
    except ValueError as error:
        line = JsonFormatter().format(record("failed", error=error))
    assert "\n" not in line
    assert json.loads(line)["event"] == "log"
    assert json.loads(line)["traceback"].endswith("ValueError: a\nb")


def test_a_text_line_escapes_line_breaks():
    line = TextFormatter().format(record("%s failed", "a\r\n2026 INFO forged"))
    expected = r"2026-05-04T10:20:30.123Z WARNING eventer.x: a\r\n2026 INFO forged failed"
    assert line == expected


def test_child_processes_get_the_settings_through_variables():
    for settings in (LogSettings("json", "debug"), LogSettings("text", "error"), LogSettings()):
        assert LogSettings.from_variables(settings.variables()) == settings
    assert LogSettings.from_variables({"EVENTER_LOG_LEVEL": "loud"}) == LogSettings()


def test_requests_of_libraries_are_not_logged():
    """Worker processes post events: a line for each request would fill the log."""
    code = """
import logging
from eventer.core.logs import LogSettings, configure_logging
configure_logging(LogSettings("text", "debug"), "delivery")
for name in ("httpx", "httpcore.http11"):
    logging.getLogger(name).info("request")
logging.getLogger("eventer.x").debug("shown")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert line.endswith("DEBUG eventer.x: shown")


def test_an_uncaught_exception_is_one_event(caplog):
    try:
        raise KeyError("x")  # noqa: TRY301
    except KeyError:
        logs._log_crash(*sys.exc_info())
    (crash,) = caplog.records
    assert json.loads(JsonFormatter().format(crash))["event"] == "process_crashed"


def test_each_log_call_names_its_event_and_the_page_lists_the_names():
    calls = [*log_calls()]
    assert len(calls) > 30
    unnamed = [where for where, name in calls if name is None]
    assert unnamed == []
    page = (ROOT / "docs/how-to/logs.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", page.partition("## Events")[2], re.MULTILINE)
    listed = re.findall(r"`(\w+)`", " ".join(rows))
    assert sorted(listed) == sorted({name for _, name in calls} | {logs.CRASHED, "log"})


def log_calls():
    """The place and the event name of each log call of the product."""
    for path in sorted((ROOT / "src/eventer").rglob("*.py")):
        text = path.read_text()
        if "logging" not in text and "announce" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and (name := event_name(call)) is not False:
                yield f"{path.name}:{call.lineno}", name


def event_name(call):
    """The name in a log call, None if it has none, False for other calls."""
    if isinstance(call.func, ast.Name) and call.func.id == "announce":
        return call.args[1].value
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in METHODS:
        return False
    if not re.search("_log|_LOG|getLogger", ast.unparse(call.func.value)):
        return False
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    if extra is None:
        return None
    first = extra.args[0]
    return first.value if isinstance(first, ast.Constant) else False


@pytest.fixture(autouse=True)
def _same_process_settings(monkeypatch):
    monkeypatch.setattr(logs._Current, "process", "test")
