"""preview and validate, without a service."""

import json

ORDERS = """local get_integer = std.native('get_integer');
{ id: get_integer(1, 1000), who: std.extVar('who'), n: std.extVar('n') }
"""


def test_a_seed_gives_the_same_events_each_time(shell):
    shell.write("orders.jsonnet", ORDERS)
    args = ("preview", "orders.jsonnet", "-n", 3, "--seed", 7, "-V", "who=me", "-V", "n:=[1]")
    first, again = shell.run(*args), shell.call(*args)
    assert first.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    events = [json.loads(line) for line in first.stdout.splitlines()]
    assert [(event["who"], event["n"]) for event in events] == [("me", [1])] * 3
    part = shell.call(*args, "--first", 2, "-n", 1)
    assert part.stdout == first.stdout.splitlines(keepends=True)[2]


def test_a_random_seed_is_printed_and_reproduces_the_events(shell):
    shell.write("t.jsonnet", "std.native('get_integer')(1, 1000000)")
    drawn = shell.call("preview", "t.jsonnet")
    seed = drawn.stderr.split("--seed ")[1].split()[0]
    assert shell.call("preview", "t.jsonnet", "--seed", seed).stdout == drawn.stdout
    answer = json.loads(shell.call("preview", "t.jsonnet", "--seed", seed, "--json").stdout)
    assert [str(event) for event in answer["events"]] == drawn.stdout.split()
    assert answer["seed"] == seed


def test_standard_input_is_a_template_too(shell):
    done = shell.call("preview", "-", "-n", 2, "--seed", 1, stdin="{ b: 1, a: 0.10 }")
    assert done.stdout == '{"a":0.1,"b":1}\n' * 2


def test_the_scheduled_time_can_be_given(shell):
    text = "std.native('get_timestamp')('now', 'now', '1s')"
    done = shell.call("preview", "-", "-n", 1, "--at", "2021-12-01T10:30:00Z", stdin=text)
    assert done.stdout == '"2021-12-01T10:30:00Z"\n'


def test_errors_point_with_a_caret(shell):
    shell.write("bad.jsonnet", "local user = 1;\n{ a: usr }\n")
    for command in ("preview", "validate"):
        done = shell.call(command, "bad.jsonnet")
        assert (done.returncode, done.stdout) == (78, "")
        lines = done.stderr.splitlines()
        assert "  --> bad.jsonnet:2:6" in lines
        assert "2 | { a: usr }" in lines
        assert next(line for line in lines if "^^^" in line).startswith("  |      ^^^")
        assert "\x1b" not in done.stderr


def test_traces_and_warnings_go_to_standard_error(shell):
    text = "std.trace('hello', std.native('get_one_of')('one'))"
    done = shell.call("preview", "-", "-n", 1, "--seed", "1", stdin=text)
    assert done.stdout == '"one"\n'
    assert "hello" in done.stderr
    assert "warning: " in done.stderr


def test_an_endless_template_ends(shell):
    done = shell.call("validate", "-", stdin="local f(x) = f(x + 1) tailstrict; f(0)")
    assert done.returncode == 78
    assert done.stderr.startswith("error: ")


def test_validate_prints_the_columns(shell):
    shell.write("orders.jsonnet", ORDERS)
    variables = ("-V", "who=me", "-V", "n:=1")
    done = shell.call("validate", "orders.jsonnet", *variables)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("orders.jsonnet is valid (plan")
    assert "  id  bigint" in done.stdout.splitlines()
    answer = json.loads(shell.call("validate", "orders.jsonnet", *variables, "--json").stdout)
    assert answer["valid"] is True
    assert {"name": "id", "type": "bigint"} in answer["shape"]["columns"]


def test_validate_checks_whether_events_fit_a_given_schema(shell):
    template = "{ id: std.native('get_index')(), total: '12.50' }"
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
    fields = [{"name": "total", "type": decimal}, {"name": "id", "type": "int"}]
    record = {"type": "record", "name": "order", "fields": fields}
    shell.write("orders.avsc", json.dumps(record))
    topic = ("--kafka", "orders", "--format", "avro", "--schema-file", "orders.avsc")
    done = shell.call("validate", "-", *topic, stdin=template)
    assert (done.returncode, '"logicalType": "decimal"' in done.stdout) == (0, True), done.stderr
    fields[0]["type"] = "double"
    shell.write("orders.avsc", json.dumps(record))
    done = shell.call("validate", "-", *topic, stdin=template)
    assert (done.returncode, done.stdout) == (78, "")
    assert "the field /total is a text, but the given schema has the type double" in done.stderr


def test_validate_checks_whether_files_and_endpoints_can_have_the_events(shell):
    files = ("validate", "-", "--file", "out", "--file-format", "csv")
    done = shell.call(*files, stdin="{ a: 1 }")
    assert (done.returncode, "  a  bigint" in done.stdout) == (0, True), done.stderr
    assert not (shell.folder / "out").exists()
    done = shell.call(*files, stdin="[1]")
    assert (done.returncode, "need objects" in done.stderr) == (78, True)
    done = shell.call(*files, "--partition-by", "nope", stdin="{ a: 1 }")
    assert (done.returncode, "'/nope'" in done.stderr) == (78, True)
    done = shell.call("validate", "-", "--http", "http://127.0.0.1:1/in", stdin="[1]")
    assert done.returncode == 0, done.stderr


def test_validate_checks_whether_a_table_can_store_the_events(shell):
    args = ("validate", "-", "--postgres", "t")
    done = shell.call(*args, stdin="[1]")
    assert done.returncode == 78
    assert "object" in done.stderr
    answer = json.loads(shell.call(*args, "--json", stdin="[1]").stdout)
    assert answer["valid"] is False
    assert "object" in answer["rejections"][0]["message"]
    assert shell.call(*args, stdin="{ a: 1 }").returncode == 0


def test_imports_come_from_the_library_alone(shell):
    (shell.folder / "lib").mkdir()
    shell.write("lib/words.libsonnet", "{ word: 'x' }")
    text = "(import 'words.libsonnet').word"
    done = shell.call("preview", "-", "-n", 1, "--library", "lib", "--seed", "1", stdin=text)
    assert done.stdout == '"x"\n', done.stderr
    assert shell.call("preview", "-", "-n", 1, stdin=text).returncode == 78
    outside = shell.call("preview", "-", "--library", "lib", stdin="importstr '../secret'")
    assert outside.returncode == 78


def test_validate_rejects_invalid_topic_and_table_names(shell):
    for option, name in (("--kafka", "a/b"), ("--postgres", "x" * 64)):
        done = shell.call("validate", "-", option, name, stdin="{ a: 1 }")
        assert (done.returncode, done.stdout) == (2, "")
        assert option in done.stderr


def test_invalid_options_have_clear_messages(shell):
    for args, said in (
        (("--seed", "-1"), "unsigned 64-bit"),
        (("-V", "novalue"), "name=text"),
        (("-V", "n:={"), "not valid JSON"),
        (("--at", "soon"), "not an instant"),
        (("-n", "0"), "must be an integer from 1 to 1,000,000"),
    ):
        done = shell.call("preview", "-", *args, stdin="1")
        assert done.returncode == 2, args
        assert said in done.stderr


def test_a_profile_has_a_line_per_field(shell):
    shell.write("t.jsonnet", "{ n: std.native('get_integer')(1, 4), kind: 'a', list: [1, 2] }")
    done = shell.call("profile", "t.jsonnet", "-n", 1000, "--seed", 7)
    header, kind, length, number = done.stdout.splitlines()
    assert header.split()[:3] == ["FIELD", "TYPE", "NULL"]
    assert "a (1,000)" in kind
    assert length.split()[:2] == ["/list", "array"]
    assert number.split()[:7] == ["/n", "integer", "-", "-", "4", "1", "4"]
    assert done.stderr == "1,000 events\n"
    answer = json.loads(shell.call("profile", "t.jsonnet", "-n", 9, "--json").stdout)
    assert [field["pointer"] for field in answer["fields"]] == ["/kind", "/list", "/n"]


def test_an_example_is_printed_by_its_name(shell):
    listed = shell.call("examples").stdout
    assert "orders " in listed
    (timeline,) = [line for line in listed.splitlines() if line.startswith("card-payment ")]
    assert timeline.split()[1] == "24h"
    described = json.loads(shell.call("examples", "row-life", "--json").stdout)
    assert (described["timeline"], "'rows'" in described["template"]) == ("1h", True)
    printed = shell.call("examples", "orders")
    assert printed.stdout.startswith("// An order")
    unknown = shell.call("examples", "ordres")
    assert (unknown.returncode != 0, "did you mean 'orders'?" in unknown.stderr) == (True, True)


def test_faults_are_shown_and_refused_where_they_are(shell):
    shell.write("faults.json", '[{"kind": "missing", "probability": 1, "fields": ["a"]}]')
    shown = shell.call("preview", "-", "-n", 1, "--faults", "faults.json", stdin="{ a: 1, b: 2 }")
    assert (shown.returncode, shown.stdout) == (0, '{"b":2}\n')
    malformed = '[{"kind": "malformed", "probability": 1}]'
    printed = shell.call("preview", "-", "--faults", malformed, "--seed", "1", stdin="{ a: 1 }")
    texts = set(map(json.loads, printed.stdout.splitlines()))
    assert texts == {'{"a":1}}', *(text for text in texts if '{"a":1}'.startswith(text))}
    assert all(isinstance(text, str) for text in texts)
    for faults, pointer, said in (
        ('[{"kind": "late", "probability": 1, "by": "1s"}]', "/faults/0/by", "must be a list"),
        (
            '[{"kind": "null", "probability": 1, "fields": ["x"]}]',
            "/faults/0/fields/0",
            "not a field",
        ),
        ("{}", "/faults", "must be a list"),
    ):
        refused = shell.call("preview", "-", "--faults", faults, stdin="{ a: 1 }")
        assert refused.returncode == 78, refused.stderr
        assert pointer in refused.stderr
        assert said in refused.stderr
    table = ("run", "-", "--postgres", "t", "-n", 1, "--faults", malformed)
    refused = shell.call(
        *table, stdin="{ a: 1 }", EVENTER_POSTGRES__DSN="postgresql://127.0.0.1:1/x"
    )
    assert refused.returncode == 78, refused.stderr
    assert "`malformed` needs a topic" in refused.stderr


def test_files_are_formatted_unless_one_of_them_is_wrong(shell):
    shell.write("a.jsonnet", '{a:"x"}')
    shell.write("b.jsonnet", "{ b: 1 }\n")
    checked = shell.call("fmt", "--check", "a.jsonnet", "b.jsonnet")
    assert (checked.returncode, checked.stdout) == (1, "a.jsonnet\n")
    shell.write("bad.jsonnet", "{\n  a: }")
    refused = shell.call("fmt", "a.jsonnet", "bad.jsonnet")
    assert (refused.returncode, refused.stdout) == (78, "")
    assert "--> bad.jsonnet:2:6" in refused.stderr
    assert (shell.folder / "a.jsonnet").read_text() == '{a:"x"}'
    done = shell.call("fmt", "a.jsonnet", "b.jsonnet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "formatted a.jsonnet\n")
    assert (shell.folder / "a.jsonnet").read_text() == "{ a: 'x' }\n"
    assert shell.call("fmt", "--check", "a.jsonnet", "b.jsonnet").returncode == 0
    assert shell.call("fmt", "-", stdin="[1,2 ]").stdout == "[1, 2]\n"
