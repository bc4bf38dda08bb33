"""`eventer.run` delivers what `Template` generates, also from within a running event loop."""

import asyncio

import psycopg
import pytest

import eventer

ORDERS = "{ id: std.native('get_index')(), n: std.native('get_integer')(1, 1000) }"

pytestmark = pytest.mark.postgres


@pytest.fixture
def settings(database):
    return {"postgres.dsn": database.dsn}


def rows(database, table):
    with psycopg.connect(database.dsn) as connection:
        return connection.execute(f"SELECT id, n FROM {table} ORDER BY id").fetchall()


def test_a_run_delivers_the_events_of_the_template(database, settings):
    orders = eventer.Template(ORDERS, seed=7)
    expected = [(each["id"], each["n"]) for each in orders.events(3_000)]
    summary = eventer.run(orders, postgres="orders", max_events=3_000, settings=settings)
    assert (summary.seed, summary.events, summary.skipped) == (7, 3_000, 0)
    assert rows(database, "orders") == expected
    table = orders.table(3_000)
    assert [*zip(table["id"].to_pylist(), table["n"].to_pylist(), strict=True)] == expected

    async def within_a_loop():
        return eventer.run(orders, postgres="again", key="id", max_events=5, settings=settings)

    assert asyncio.run(within_a_loop()).events == 5
    assert rows(database, "again") == expected[:5]


def test_failures_are_errors(settings):
    failing = "if std.native('get_index')() == 2 then error 'no' else { a: 1 }"
    with pytest.raises(eventer.EvaluationError) as raised:
        eventer.run(failing, postgres="failing", max_events=5, settings=settings)
    assert (raised.value.index, raised.value.place.line) == (2, 1)
    with pytest.raises(eventer.RequestError, match=r"^`connection`: connection 'kafka' has no"):
        eventer.run(ORDERS, kafka="orders", max_events=1, settings=settings)


def test_a_run_writes_files(tmp_path):
    import pyarrow.parquet as pq

    orders = eventer.Template(ORDERS, seed=7)
    folder = tmp_path / "orders"
    summary = eventer.run(orders, file=folder, file_format="parquet", max_events=50)
    assert summary.events == 50
    parts = sorted(folder.glob("*.parquet"))
    rows = [row for part in parts for row in pq.read_table(part).to_pylist()]
    assert rows == orders.events(50)
    for wrong, said in (
        ({"file": folder, "key": "id"}, "files have no keys"),
        ({"postgres": "t", "file_format": "csv"}, "need `file`"),
        ({"file": folder, "postgres": "t"}, "give one destination"),
        ({"file": folder, "file_format": "xml"}, "must be ndjson or csv or parquet"),
    ):
        with pytest.raises(eventer.RequestError, match=said):
            eventer.run(orders, max_events=1, **wrong)
