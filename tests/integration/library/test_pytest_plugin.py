"""The plugin for pytest in a test run of its own, in a process of its own."""

import re

import pytest

from eventer.library.pytest_plugin import KAFKA_VARIABLE, POSTGRES_VARIABLE
from tests.unit.doc_pages import ROOT, Page

PAGE = Page(ROOT / "docs/how-to/python.md")

pytest_plugins = ["pytester"]

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

TESTS = """
import psycopg
import pytest

def test_rows(eventer_stream, eventer_postgres, eventer_seed):
    sent = eventer_stream("own.jsonnet", table="own", count=20, vars={"of": "shop"})
    assert (sent.seed, sent.summary.events) == (eventer_seed, 20)
    with psycopg.connect(eventer_postgres) as connection:
        rows = connection.execute('SELECT id, n, "of" FROM own ORDER BY id').fetchall()
    assert rows == [(each["id"], each["n"], each["of"]) for each in sent.events]

@pytest.mark.eventer_seed(7)
def test_records(eventer_stream, eventer_kafka):
    text = "{ at: std.native('get_epoch')('ms') }"
    sent = eventer_stream(text, topic="plugin", count=3, rate="2/s")
    assert (sent.seed, sent.summary.events) == (7, 3)
    times = [each["at"] for each in sent.events]
    assert [each - times[0] for each in times] == [0, 500, 1000]

def test_failing(eventer_seed):
    assert eventer_seed == 7
"""
ORDERS = """{
  id: std.native('get_index')(), n: std.native('get_integer')(1, 1000), of: std.extVar('of'),
}"""
ONLY_THE_PLUGIN = ("-p", "no:randomly", "-p", "no:asyncio", "-p", "eventer.library.pytest_plugin")


def test_streams_seeds_and_reports(pytester, monkeypatch, kafka, database):
    monkeypatch.setenv(KAFKA_VARIABLE, kafka)
    monkeypatch.setenv(POSTGRES_VARIABLE, database.dsn)
    (recipe,) = [block for block in PAGE.blocks("python") if "def test_" in block]
    pytester.makepyfile(test_own=TESTS, test_recipe=recipe)
    pytester.makefile(".jsonnet", own=ORDERS, orders=PAGE.files()["orders.jsonnet"])
    done = pytester.runpytest_subprocess(*ONLY_THE_PLUGIN, "-W", "error")
    done.assert_outcomes(passed=3, failed=1)
    (seed,) = re.findall(r"^seed (\d+): repeat", done.stdout.str(), re.MULTILINE)
    done.stdout.fnmatch_lines(f"seed {seed}: repeat the events with --eventer-seed {seed}")
    again = pytester.runpytest_subprocess(
        *ONLY_THE_PLUGIN, "-k", "failing", "--strict-markers", "--eventer-seed", "7"
    )
    again.assert_outcomes(passed=1, deselected=3)


@pytest.mark.slow
def test_an_embedded_broker_and_database(pytester, monkeypatch):
    monkeypatch.delenv(KAFKA_VARIABLE, raising=False)
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    pytester.makepyfile(TESTS)
    pytester.makefile(".jsonnet", own=ORDERS)
    done = pytester.runpytest_subprocess(*ONLY_THE_PLUGIN, "-k", "not failing")
    done.assert_outcomes(passed=2, deselected=1)
