"""The plugin for pytest in a test run of its own, in a process of its own."""

import re

import pytest

from eventer.library.pytest_plugin import KAFKA_VARIABLE, POSTGRES_VARIABLE

pytest_plugins = ["pytester"]

SEEDS = """
import pytest

@pytest.mark.eventer_seed(9)
def test_marker(eventer_seed):
    assert eventer_seed == 9

def test_failing(eventer_seed):
    assert eventer_seed == 7

def test_without():
    assert False
"""
STREAMS = """
import psycopg
import pytest

def test_rows(eventer_stream, eventer_postgres, eventer_seed):
    sent = eventer_stream("orders.jsonnet", table="orders", count=20, vars={"of": "shop"})
    assert (sent.seed, sent.summary.events) == (eventer_seed, 20)
    with psycopg.connect(eventer_postgres) as connection:
        rows = connection.execute('SELECT id, n, "of" FROM orders ORDER BY id').fetchall()
    assert rows == [(each["id"], each["n"], each["of"]) for each in sent.events]

@pytest.mark.eventer_seed(7)
def test_records(eventer_stream, eventer_kafka):
    text = "{ at: std.native('get_epoch')('ms') }"
    sent = eventer_stream(text, topic="plugin", count=3, rate="2/s")
    assert (sent.seed, sent.summary.events) == (7, 3)
    times = [each["at"] for each in sent.events]
    assert [each - times[0] for each in times] == [0, 500, 1000]
"""
ORDERS = """{
  id: std.native('get_index')(), n: std.native('get_integer')(1, 1000), of: std.extVar('of'),
}"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs tests with this plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    options = ("-p", "eventer.library.pytest_plugin", "--strict-markers", "-W", "error")

    def run(tests, *more):
        pytester.makepyfile(tests)
        pytester.makefile(".jsonnet", orders=ORDERS)
        return pytester.runpytest_subprocess(*options, *more)

    return run


def test_the_report_of_a_failing_test_says_how_to_repeat_it(run):
    done = run(SEEDS)
    done.assert_outcomes(passed=1, failed=2)
    reports = re.findall(
        r"^seed (\d+): repeat the events with --eventer-seed (\d+)$",
        done.stdout.str(),
        re.MULTILINE,
    )
    ((seed, repeated),) = reports
    assert seed == repeated


@pytest.mark.slow
def test_a_seed_for_all_tests(run):
    run(SEEDS, "--eventer-seed", "7").assert_outcomes(passed=2, failed=1)


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.postgres
def test_servers_that_variables_name(run, monkeypatch, kafka, database):
    monkeypatch.setenv(KAFKA_VARIABLE, kafka)
    monkeypatch.setenv(POSTGRES_VARIABLE, database.dsn)
    run(STREAMS).assert_outcomes(passed=2)


@pytest.mark.slow
@pytest.mark.postgres
def test_embedded_servers(run, monkeypatch):
    monkeypatch.delenv(KAFKA_VARIABLE, raising=False)
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    run(STREAMS).assert_outcomes(passed=2)
