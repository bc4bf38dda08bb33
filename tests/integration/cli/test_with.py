"""--with: events of other templates that a template refers to."""

import json

import pytest

CUSTOMERS = "{ id: std.native('get_index')(), name: std.extVar('who') + self.id }\n"
ORDERS = """local customer = std.native('get_event_of')('customers', 'recent');
{ customer: customer, name: customer.name }
"""


@pytest.fixture
def files(shell):
    shell.write("customers.jsonnet", CUSTOMERS)
    shell.write("orders.jsonnet", ORDERS)
    return ("orders.jsonnet", "-V", "who=me")


def test_commands_take_what_a_template_refers_to(shell, files):
    given = (*files, "--with", "customers=customers.jsonnet:30")
    shown = shell.call("preview", *given, "-n", 40, "--seed", 7)
    assert shown.returncode == 0, shown.stderr
    events = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {event["name"] for event in events} > {"me29", "me28"}
    assert all(event["name"] == f"me{event['customer']['id']}" for event in events)
    valid = shell.call("validate", *given)
    assert valid.stdout.splitlines() == [
        "orders.jsonnet is valid (plan)",
        "  customer  jsonb",
        "  name  text",
    ]
    plan = shell.call("explain", *given, "--no-measure").stdout
    assert "events of another stream at %1, for each row of d0" in plan
    done = shell.call("run", *given, "--stdout", "--max-events", 40, "--seed", 7)
    assert (done.returncode, done.stdout) == (0, shown.stdout)


def test_a_missing_or_wrong_reference_says_what_to_do(shell, files):
    for given, code, said in (
        ((), 78, "give it by `with` or --with"),
        (("--with", "customer=customers.jsonnet:3"), 78, "did you mean 'customer'?"),
        (("--with", "customers=customers.jsonnet"), 78, 'write get_event_of("customers", count='),
        (
            ("--with", "customers=orders.jsonnet:3"),
            78,
            "of 'customers' raises at orders.jsonnet:",
        ),
        (("--with", "customers=nothing.jsonnet"), 2, "nothing.jsonnet"),
        (("--with", "customers"), 2, "name=file:count"),
    ):
        for command in ("preview", "validate"):
            done = shell.call(command, *files, *given)
            assert (done.returncode, done.stdout) == (code, "")
            assert said in done.stderr
