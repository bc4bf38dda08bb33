"""explain: a template's plan, or why it has none."""

import json

PLANNED = "local i = std.native('get_integer'); { id: i(1, 9), at: 'here' }"
REFUSED = "{\n  a: std.trace('x', 1),\n}"


def test_a_plan_is_printed_the_same_each_time(shell):
    shell.write("t.jsonnet", PLANNED)
    args = ("explain", "t.jsonnet", "--no-measure")
    (text,) = {shell.call(*args).stdout, shell.call(*args).stdout}
    assert text.startswith("engine: plan\n")
    assert "draw get_integer(1, 9) key " in text
    assert "measured" not in text
    assert shell.call("explain", "t.jsonnet", "--no-measure", "--seed", 1).stdout != text


def test_it_is_measured(shell):
    done = shell.call("explain", "-", stdin=PLANNED)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("measured\n")[1].splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["plan", "interpreter", "row"]
    found = json.loads(shell.call("explain", "-", "--json", stdin=PLANNED).stdout)
    assert (found["engine"], found["reason"]) == ("plan", None)
    assert found["plan"]["columns"][0]["what"] == "get_integer(1, 9)"
    assert found["measured"]["plan"]["events_per_second"] > 0


def test_explain_shows_why_a_template_has_no_plan(shell):
    shell.write("t.jsonnet", REFUSED)
    done = shell.call("explain", "t.jsonnet", "--no-measure")
    assert done.returncode == 0
    assert done.stdout.startswith("engine: interpreter\nnot on the plan: std.trace")
    assert "  --> t.jsonnet:2:" in done.stdout
    assert "2 |   a: std.trace('x', 1)," in done.stdout
    assert "^" in done.stdout


def test_an_invalid_template_is_an_error(shell):
    done = shell.call("explain", "-", stdin="{ a: usr }")
    assert (done.returncode, done.stdout) == (78, "")
    assert "^^^" in done.stderr
