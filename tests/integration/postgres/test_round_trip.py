"""Another client reads the delivered values."""

import asyncio
import json
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.postgres.harness import Writer, flow, shape
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres

EVERY_TYPE = shape(
    i="bigint",
    d="double",
    b="boolean",
    t="text",
    z="timestamptz",
    j="jsonb",
    n="bigint",
    k="bigint",
)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(1 << 53), 1 << 53)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
INSTANT = st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1 < at.year < 9999)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "i": st.none() | WHOLE,
        "d": NUMBER,
        "b": st.booleans(),
        "t": TEXT,
        "z": INSTANT.map(lambda at: at.isoformat().replace("+00:00", "Z")),
        "j": JSON,
    },
)


async def test_values_of_every_type_are_read_back(each_database: Database) -> None:
    event = {
        "n": 0,
        "i": -9_007_199_254_740_991,
        "d": 5e-324,
        "b": False,
        "t": "\x01 ' \" \\ \n é 🎲",
        "z": "2021-12-01T03:04:05.678901Z",
        "j": {"a": [1, None, "x\\u0000", {"b": 1.5}]},
    }
    async with Writer(each_database.dsn) as writer:
        await writer.send(flow("every", EVERY_TYPE), [event, {"n": 1}])
    assert each_database.column_types("every") == {
        "b": "boolean",
        "d": "double precision",
        "i": "bigint",
        "j": "jsonb",
        "k": "bigint",
        "n": "bigint",
        "t": "text",
        "z": "timestamp with time zone",
    }
    rows = each_database.rows("SELECT i, d, b, t, z, j FROM every ORDER BY n")
    instant = datetime(2021, 12, 1, 3, 4, 5, 678901, tzinfo=UTC)
    assert rows == [
        (event["i"], 5e-324, False, event["t"], instant, event["j"]),
        (None,) * 6,
    ]


def test_random_values_are_read_back(database: Database) -> None:
    come_back(database, batches=40)


@pytest.mark.slow
def test_many_random_values_are_read_back(database: Database) -> None:
    come_back(database, batches=400)


def come_back(database: Database, *, batches: int) -> None:
    """Batches of random values in one table, with the number of the batch, read by psycopg."""
    runner = asyncio.Runner()
    writer = runner.run(Writer(database.dsn).__aenter__())
    numbers = iter(range(10**9))
    client = psycopg.connect(database.dsn, autocommit=True)

    @settings(max_examples=batches, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(EVENT, min_size=1, max_size=20))
    def check(events: list[dict]) -> None:
        number = next(numbers)
        numbered = [event | {"n": number, "k": k} for k, event in enumerate(events)]
        outcome = runner.run(writer.send(flow("every", EVERY_TYPE), numbered))
        assert outcome.rejected == {}
        query = "SELECT i, d, b, t, z, j FROM every WHERE n = %s ORDER BY k"
        got = client.execute(query, (number,)).fetchall()
        assert got == [expected(event) for event in events]

    with client:
        check()
    runner.run(writer.__aexit__())
    runner.close()


def expected(event: dict) -> tuple:
    at = event.get("z")
    return (
        event.get("i"),
        event.get("d"),
        event.get("b"),
        event.get("t"),
        None if at is None else datetime.fromisoformat(at),
        event.get("j"),
    )


@pytest.mark.parametrize("value", ["a\x00b", "\x00"])
async def test_nul_is_rejected_with_event_and_column(database: Database, value: str) -> None:
    events = [{"n": 0, "t": "fine"}, {"n": 1, "t": value}]
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to := flow("t", shape(n="bigint", t="text")), events)
    error = outcome.rejected[to.key]
    assert error.index == 1
    assert "NUL" in error.message
    assert '"t"' in error.message
    assert not error.transient


async def test_nul_in_jsonb_is_rejected_but_an_escaped_backslash_is_not(database: Database) -> None:
    to = flow("t", shape(j="jsonb"))
    async with Writer(database.dsn) as writer:
        fine = await writer.send(to, [{"j": {"a": "\\u0000 \\\\u0000"}}])
        assert fine.rejected == {}
        outcome = await writer.send(to, [{"j": 1}, {"j": ["\\\x00"]}])
    assert outcome.rejected[to.key].index == 2
    assert '"j"' in outcome.rejected[to.key].message
    assert database.rows("SELECT j FROM t") == [({"a": "\\u0000 \\\\u0000"},)]


async def test_an_event_must_be_an_object(database: Database) -> None:
    of = shape(is_open=True)
    of = type(of)(of.columns, open=True, is_object=None)
    to = flow("t", of)
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to, [{"a": 1}, [1], 7])
        assert outcome.rejected[to.key].index == 1
        assert "not an object" in outcome.rejected[to.key].message
        assert (await writer.send(to, [{"a": 1}])).rejected == {}
    assert database.rows("SELECT a FROM t") == [(1,)]


def test_the_strategy_generates_what_json_keeps() -> None:
    """Checks the test itself: Python's JSON parser keeps the generated values."""

    @settings(max_examples=50)
    @given(JSON)
    def check(value: object) -> None:
        assert json.loads(json.dumps(value)) == value

    check()
