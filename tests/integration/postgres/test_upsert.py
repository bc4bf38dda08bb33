"""The choice of the key; a row equals the last event with its key."""

import random

import pytest

from eventer.core.errors import DestinationRejectedError
from tests.integration.postgres.harness import Writer, flow, shape
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres

KEYED = shape(id="bigint", a="text", b="bigint")


def primary_key(database: Database, table: str) -> list[str]:
    return [
        name
        for (name,) in database.rows(
            "SELECT a.attname::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid "
            "AND a.attnum = ANY (i.indkey) WHERE i.indrelid = %s::regclass AND i.indisprimary "
            "ORDER BY array_position(i.indkey, a.attnum)",
            table,
        )
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_the_last_event_of_a_key_wins_for_any_batches(
    each_database: Database, seed: int
) -> None:
    rng = random.Random(seed)
    events = [random_event(rng) for _ in range(400)]
    last = {event["id"]: (event["id"], event.get("a"), event.get("b")) for event in events}
    to = flow("t", KEYED)
    async with Writer(each_database.dsn) as writer:
        while events:
            commit = []
            for _ in range(rng.randint(1, 3)):
                size = rng.choice((1, 2, 50, 150))
                commit.append(events[:size])
                del events[:size]
                if not events:
                    break
            assert (await writer.send(to, *commit)).rejected == {}
    assert primary_key(each_database, "t") == ["id"]
    rows = each_database.rows("SELECT id, a, b FROM t ORDER BY id")
    assert rows == [last[key] for key in sorted(last)]


def random_event(rng: random.Random) -> dict:
    event: dict = {"id": rng.randint(1, 30)}
    if rng.random() < 0.7:
        event["a"] = str(rng.random())
    if rng.random() < 0.7:
        event["b"] = rng.randint(0, 1000)
    return event


async def test_without_id_rows_are_appended(database: Database) -> None:
    to = flow("t", shape(a="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"a": 1}, {"a": 1}], [{"a": 1}])
    assert database.rows("SELECT a FROM t") == [(1,)] * 3
    assert primary_key(database, "t") == []


async def test_rows_are_appended_to_an_existing_table_without_a_primary_key(
    database: Database,
) -> None:
    database.execute("CREATE TABLE t (id bigint UNIQUE, a text, b bigint)")
    to = flow("t", KEYED)
    async with Writer(database.dsn) as writer:
        assert (await writer.send(to, [{"id": 1}])).rejected == {}
        outcome = await writer.send(to, [{"id": 1}])
    assert outcome.rejected[to.key].index == 1


async def test_the_primary_key_of_an_existing_table_is_the_key(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint, a text, b bigint, mine text, PRIMARY KEY (b, id))")
    database.execute("INSERT INTO t VALUES (1, 'old', 1, 'kept')")
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", KEYED), [{"id": 1, "b": 1, "a": "new"}, {"id": 1, "b": 2}])
    assert database.rows("SELECT id, b, a, mine FROM t ORDER BY b") == [
        (1, 1, "new", "kept"),
        (1, 2, None, None),
    ]


async def test_a_primary_key_without_its_fields_is_not_used(database: Database) -> None:
    database.execute("CREATE TABLE t (serial bigserial PRIMARY KEY, a bigint)")
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", shape(a="bigint")), [{"a": 1}, {"a": 1}])
    assert database.rows("SELECT serial, a FROM t") == [(1, 1), (2, 1)]


@pytest.mark.parametrize("key", [("a",), ("b", "a")])
async def test_a_named_key_becomes_the_primary_key_of_a_new_table(
    database: Database, key: tuple
) -> None:
    async with Writer(database.dsn) as writer:
        await writer.send(
            flow("t", KEYED, key=key), [{"id": 1, "a": "x", "b": 1}, {"id": 2, "a": "x", "b": 1}]
        )
    assert primary_key(database, "t") == list(key)
    assert database.rows("SELECT id FROM t") == [(2,)]


@pytest.mark.parametrize(
    "index",
    [
        "CREATE INDEX ON t (a, b)",
        "CREATE UNIQUE INDEX ON t (a)",
        "CREATE UNIQUE INDEX ON t (a, b, id)",
        "CREATE UNIQUE INDEX ON t (a, b) WHERE id > 5",
        "CREATE UNIQUE INDEX ON t (a, (b + 1))",
    ],
)
async def test_a_named_key_needs_a_unique_index_on_exactly_its_columns(
    database: Database, index: str
) -> None:
    """The SQL of the hint creates one; included columns do not count."""
    database.execute("CREATE TABLE t (id bigint, a text, b bigint)")
    database.execute(index)
    to = flow("t", KEYED, key=("b", "a"))
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError) as caught:
            await writer.connection.prepare(to)
        assert '("b", "a")' in caught.value.message
        assert caught.value.hint is not None
        database.execute(caught.value.hint)
        assert (await writer.send(to, [{"id": 1, "a": "x", "b": 1}])).rejected == {}


async def test_a_deferrable_constraint_is_not_used_as_key(database: Database) -> None:
    """ON CONFLICT rejects it, even beside other indexes."""
    database.execute("CREATE TABLE t (id bigint, a text, b bigint, UNIQUE (a) DEFERRABLE)")
    database.execute("CREATE UNIQUE INDEX ON t (a)")
    to = flow("t", KEYED, key=("a",))
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to, [{"id": 1, "a": "x"}])
    assert isinstance(outcome.rejected[to.key], DestinationRejectedError)
    assert "deferrable" in outcome.rejected[to.key].message


async def test_included_columns_are_not_part_of_a_key(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint, a text, b bigint)")
    database.execute("CREATE UNIQUE INDEX ON t (a) INCLUDE (b)")
    async with Writer(database.dsn) as writer:
        to = flow("t", KEYED, key=("a",))
        await writer.send(to, [{"id": 1, "a": "x", "b": 1}, {"id": 2, "a": "x", "b": 1}])
    assert database.rows("SELECT id FROM t") == [(2,)]


async def test_an_unknown_key_is_rejected_with_the_closest_name(database: Database) -> None:
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError, match="'idd'") as caught:
            await writer.connection.check(flow("t", KEYED, key=("idd",)))
    assert "'id'" in str(caught.value.hint)
    assert database.rows("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []


async def test_a_null_key_rejects_its_event(database: Database) -> None:
    to = flow("t", KEYED)
    async with Writer(database.dsn) as writer:
        for bad in ({"a": "x"}, {"id": None, "a": "x"}):
            outcome = await writer.send(to, [{"id": 1}, {"id": 2}], [{"id": 3}, bad])
            assert outcome.rejected[to.key].index == 3
            assert '"id"' in outcome.rejected[to.key].message
    assert database.rows("SELECT 1 FROM t") == []


UUID = "5f0c6d1e-7a55-4a4b-9a5c-0d7f0e4b1a11"
KEYS = [
    ("double precision", "double", [0.0, -0.0, 1.5, 1.5]),
    ("text", "text", ["a", "a", "A", ""]),
    ("boolean", "boolean", [True, False, True]),
    ("jsonb", "jsonb", [{"b": 1}, {"b": 1}, 1, "1"]),
    ("timestamptz", "timestamptz", ["2021-12-01T00:00:00Z", "2021-12-01T01:00:00+01:00"]),
    ("timestamptz(0)", "timestamptz", ["2021-12-01T00:00:00.1Z", "2021-12-01T00:00:00.2Z"]),
    ("uuid", "text", [UUID, UUID.upper(), f"{{{UUID}}}"]),
    ("numeric", "text", ["1", "1.0", "2"]),
    ("numeric(5,1)", "double", [1.01, 1.04, 2.0]),
    ("char(5)", "text", ["a", "a ", "b"]),
    ("date", "timestamptz", ["2021-12-01T00:00:00Z", "2021-12-01T05:00:00Z"]),
    ("int4", "jsonb", [1, "1", " 1", 2]),
    ("real", "double", [0.1, 0.1 + 1e-12, 0.2]),
]  # fmt: skip
BLIND = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"


@pytest.mark.parametrize("case", KEYS, ids=lambda case: case[0])
async def test_keys_that_the_column_equates_are_one(each_database: Database, case: tuple) -> None:
    """Even if their bytes differ; the last row wins, in one commit or in several."""
    await check_equal_keys(each_database, *case)


async def test_keys_that_a_collation_equates_are_one(system_postgres) -> None:
    """The embedded server has no such collations, since it is built without ICU."""
    with system_postgres.fresh_database() as database:
        database.execute(f"CREATE COLLATION blind ({BLIND})")
        await check_equal_keys(database, 'text COLLATE "blind"', "text", ["a", "A", "b"])


async def check_equal_keys(database: Database, kind: str, inferred: str, keys: list) -> None:
    for table in ("once", "many"):
        database.execute(f"CREATE TABLE {table} (k {kind} PRIMARY KEY, n bigint)")
    events = [{"k": key, "n": n} for n, key in enumerate(keys)]
    of = shape(k=inferred, n="bigint")
    async with Writer(database.dsn) as writer:
        assert (await writer.send(flow("once", of), events)).rejected == {}
        for event in events:
            assert (await writer.send(flow("many", of, generator=2), [event])).rejected == {}
    query = "SELECT n FROM {} ORDER BY n"
    once, many = (database.rows(query.format(table)) for table in ("once", "many"))
    assert once == many
    assert 0 < len(once) < len(events)


async def test_the_last_row_wins_if_the_server_compares_keys(
    each_database: Database,
) -> None:
    """Rows of very different sizes are not in order in the staging table."""
    rng = random.Random(5)
    each_database.execute("CREATE TABLE t (k char(9) PRIMARY KEY, n bigint, filler text)")
    events = [
        {"k": f"{rng.randint(1, 40)}" + " " * rng.randint(0, 2), "n": n, "filler": filler(rng)}
        for n in range(4000)
    ]
    last = {str(event["k"]).strip(): event["n"] for event in events}
    async with Writer(each_database.dsn) as writer:
        to = flow("t", shape(k="text", n="bigint", filler="text"))
        assert (await writer.send(to, events)).rejected == {}
    assert dict(each_database.rows("SELECT trim(k), n FROM t")) == last


def filler(rng: random.Random) -> str:
    return bytes(rng.choices(range(40, 121), k=rng.choice((1, 40, 700, 1900)))).decode()


async def test_compound_keys_are_distinguished(database: Database) -> None:
    events = [{"a": f"{a}", "b": b, "id": n} for n, (a, b) in enumerate(
        [(1, 1), (1, 11), (11, 1), (1, 1), (2, 1), (11, 1)]
    )]  # fmt: skip
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", KEYED, key=("a", "b")), events)
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (3,), (4,), (5,)]


async def test_a_table_with_key_columns_only(database: Database) -> None:
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", shape(id="bigint")), [{"id": 1}, {"id": 1}], [{"id": 2}])
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (2,)]
