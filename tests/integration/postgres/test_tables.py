"""Creation of tables, schemas and columns; names and privileges."""

import asyncio

import psycopg
import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import EventShape, PositionKey, PostgresTarget
from eventer.destinations.base import Flow
from tests.integration.postgres.harness import CLUSTER, Writer, flow, shape
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres

HOSTILE = [
    'a"; DROP TABLE victim; --',
    "select",
    "user",
    "Mixed Case",
    "semi;colon",
    "it's",
    "back\\slash",
    "$1",
    "%s {} {0}",
    "new\nline",
    "tab\tand é 🎲",
    "é" * 31 + "x",
    "id) VALUES (1); --",
]


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_stored_unchanged(each_database: Database, name: str) -> None:
    """As names of schema, table, column and key."""
    each_database.execute("CREATE TABLE victim (id bigint)")
    quoted = '"' + name.replace('"', '""') + '"'
    to = flow(f"{quoted}.{quoted}", shape(**{name: "bigint", "plain": "text"}), key=(name,))
    appended = flow(quoted, shape(**{name: "bigint"}), generator=2)
    async with Writer(each_database.dsn) as writer:
        await writer.send(to, [{name: 1, "plain": "a"}, {name: 1, "plain": "b"}])
        await writer.send(appended, [{name: 3}])
    found = each_database.rows(
        "SELECT schemaname::text, tablename::text FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert set(found) == {
        ("public", "victim"),
        ("public", name),
        (name, name),
        ("eventer", "position"),
        ("eventer", "shard"),
    }
    assert each_database.rows(f"SELECT * FROM {quoted}.{quoted}") in ([(1, "b")], [("b", 1)])
    assert each_database.column_types(quoted) == {name: "bigint"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not name a table"),
        ("eventer.position", "positions"),
        ('"eventer"."t"', "positions"),
        ("a.b.c", "does not name a table"),
        ("a.", "does not name a table"),
        ('"open', "does not name a table"),
        ("x" * 64, "64 bytes"),
        ("é" * 32, "64 bytes"),
        ("nul\x00", "NUL"),
        ('""', "empty"),
    ],
)
async def test_invalid_table_names(database: Database, text: str, why: str) -> None:
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError, match=why):
            await writer.connection.check(flow(text, shape(a="bigint")))


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "n\x00", "", "\ud800", "ctid"])
async def test_field_names_that_are_not_valid_for_columns(database: Database, name: str) -> None:
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError):
            await writer.connection.prepare(flow("t", shape(**{name: "bigint"})))
        assert database.rows("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []
        if name.isascii() or name.isprintable():
            opened = flow("t", shape(is_open=True))
            outcome = await writer.send(opened, [{name: 1}])
            assert isinstance(outcome.rejected[opened.key], DestinationRejectedError)


async def test_missing_columns_are_added_and_others_are_unchanged(database: Database) -> None:
    database.execute("CREATE TABLE t (id int PRIMARY KEY, mine text DEFAULT 'mine')")
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", shape(id="bigint", a="text")), [{"id": 1, "a": "x"}])
        more = shape(id="bigint", a="text", b="jsonb")
        await writer.send(flow("t", more, generator=2), [{"id": 1, "a": "y", "b": [1]}])
    assert database.column_types("t") == {
        "id": "integer",
        "mine": "text",
        "a": "text",
        "b": "jsonb",
    }
    assert database.rows("SELECT id, mine, a, b FROM t") == [(1, "mine", "y", [1])]


async def test_an_open_shape_gets_columns_when_fields_occur(database: Database) -> None:
    """The next owner knows them too, and writes NULL for an absent field."""
    to = flow("t", shape(is_open=True, a="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.connection.prepare(to)
        assert database.rows("SELECT 1 FROM pg_tables WHERE tablename = 't'") == []
        await writer.send(to, [{"id": 1, "a": 1}, {"id": 2, "x": "s"}])
        await writer.send(to, [{"id": 3, "y": {"z": 1}}, {"id": 1, "x": 7}])
    async with Writer(database.dsn) as writer:
        found = await writer.connection.positions([to.key])
        writer._next = {key: at.next for key, at in found.items()}
        await writer.send(to, [{"id": 2, "a": 5}])
    assert database.column_types("t") == {"id": "jsonb", "a": "bigint", "x": "jsonb", "y": "jsonb"}
    assert database.rows("SELECT id, a, x, y FROM t ORDER BY id") == [
        (1, None, 7, None),
        (2, 5, None, None),
        (3, None, None, {"z": 1}),
    ]


async def test_an_unqualified_name_is_searched_on_the_search_path(database: Database) -> None:
    database.execute("CREATE SCHEMA second")
    database.execute("CREATE TABLE second.t (a bigint)")
    dsn = f"{database.dsn}?search_path=public,second"
    async with Writer(dsn) as writer:
        await writer.send(flow("t", shape(a="bigint")), [{"a": 1}])
        await writer.send(flow("new", shape(a="bigint"), generator=2), [{"a": 2}])
    assert database.rows("SELECT a FROM second.t") == [(1,)]
    assert database.rows("SELECT a FROM public.new") == [(2,)]


async def test_the_search_path_excludes_the_eventer_schema(database: Database) -> None:
    """It is first on the default search path of a role named eventer."""
    dsn = f'{database.dsn}?search_path="$user",public'
    async with Writer(dsn) as writer:
        await writer.send(flow("position", shape(a="bigint")), [{"a": 1}])
    assert database.rows("SELECT a FROM public.position") == [(1,)]


async def test_check_creates_nothing(database: Database) -> None:
    async with Writer(database.dsn) as writer:
        await writer.connection.check(flow("s.t", shape(a="bigint")))
        await writer.connection.check(flow("t", shape(is_open=True)))
        numbers = flow("t", EventShape((), open=True, is_object=False))
        with pytest.raises(DestinationRejectedError, match="table rows need objects"):
            await writer.connection.check(numbers)
        with pytest.raises(DestinationRejectedError, match="no fields"):
            await writer.connection.check(flow("t", shape()))
    assert database.rows("SELECT 1 FROM pg_namespace WHERE nspname = 's'") == []
    assert database.rows("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


async def test_twenty_concurrent_owners_create_one_table(each_database: Database) -> None:
    """A schema, a table and common columns, beside separate ones."""

    async def one(number: int) -> None:
        of = shape(id="bigint", **{f"c{number % 5}": "text"})
        to = flow("s.t", of, generator=number)
        async with Writer(each_database.dsn, shard=number) as writer:
            outcome = await writer.send(to, [{"id": number, f"c{number % 5}": "x"}])
            assert outcome.rejected == {}

    await asyncio.gather(*(one(number) for number in range(20)))
    assert each_database.value("SELECT count(*) FROM s.t") == 20
    assert set(each_database.column_types("s.t")) == {"id", "c0", "c1", "c2", "c3", "c4"}


async def test_twenty_concurrent_owners_and_another_tool_create_one_table(
    database: Database,
) -> None:
    """The other tool does not use the advisory lock."""
    to = [flow(f"t{n}", shape(id="bigint", a="text"), generator=n) for n in range(20)]

    async def other() -> None:
        client = await psycopg.AsyncConnection.connect(database.dsn, autocommit=True)
        async with client:
            for n in range(20):
                await client.execute(f"CREATE TABLE IF NOT EXISTS t{n} (id bigint PRIMARY KEY)")

    async with Writer(database.dsn) as writer:
        made = asyncio.gather(
            *(asyncio.create_task(other()) for _ in range(2)), return_exceptions=True
        )
        for one in to:
            await writer.connection.prepare(one)
        await made
    assert database.value("SELECT count(*) FROM pg_tables WHERE tablename ~ '^t[0-9]+$'") == 20


async def test_the_wait_for_a_locked_table_is_limited(database: Database) -> None:
    """The flow of the locked table is unavailable for now; the other flow is delivered."""
    locked, free = flow("locked", shape(a="bigint")), flow("free", shape(a="bigint"), generator=2)
    async with Writer(database.dsn) as writer:
        await writer.connection.prepare(locked)
        await writer.connection._session.client.execute("SET lock_timeout = '100ms'")
        with psycopg.connect(database.dsn) as holder:
            holder.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
            deliveries = [writer.delivery(locked, [{"a": 1}]), writer.delivery(free, [{"a": 1}])]
            outcome = await writer.connection.deliver(deliveries)
        assert set(outcome.committed) == {free.key}
        assert outcome.rejected[locked.key].transient
        assert (await writer.send(locked, [{"a": 1}])).rejected == {}
    assert database.rows("SELECT a FROM locked") == [(1,)]


async def test_a_table_that_is_created_again_with_other_types(database: Database) -> None:
    """Changes of columns while a generator runs never write bytes of another type."""
    to = flow("t", shape(a="bigint"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"a": 1}])
        database.execute("ALTER TABLE t ALTER a TYPE double precision")
        await writer.send(to, [{"a": 2}])
        database.execute("ALTER TABLE t ALTER a TYPE text")
        await writer.send(to, [{"a": 3}])
        assert database.rows("SELECT a FROM t") == [("1",), ("2",), ("3",)]
        database.execute("DROP TABLE t")
        database.execute("CREATE TABLE t (b text, a timestamptz)")
        outcome = await writer.send(to, [{"a": 4}])
        assert isinstance(outcome.rejected[to.key], DestinationRejectedError)
        database.execute("DROP TABLE t")
        assert (await writer.send(to, [{"a": 4}])).rejected == {}
    assert database.rows("SELECT a FROM t") == [(4,)]


async def test_upserts_continue_when_columns_and_keys_change(database: Database) -> None:
    to = flow("t", shape(id="bigint", a="text"))
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"id": 1, "a": "x"}])
        database.execute("ALTER TABLE t DROP COLUMN a")
        await writer.send(to, [{"id": 1, "a": "y"}])
        database.execute("ALTER TABLE t DROP CONSTRAINT t_pkey")
        await writer.send(to, [{"id": 1, "a": "z"}])
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await writer.send(to, [{"id": 9, "a": "new"}])
    assert database.rows("SELECT id, a FROM t") == [(9, "new")]


async def test_the_hint_for_missing_privileges_is_sql(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a bigint)")
    database.execute("REVOKE ALL ON t FROM eventer")
    to = Flow(PositionKey(CLUSTER, 1, 0), PostgresTarget("t"), shape(id="bigint", a="bigint"))
    async with Writer(database.dsn) as writer:
        for ask in (writer.connection.check, writer.connection.prepare):
            with pytest.raises(DestinationRejectedError, match="may not write") as caught:
                await ask(to)
            assert caught.value.hint is not None
        database.execute(caught.value.hint)
        assert (await writer.send(to, [{"id": 1, "a": 1}])).rejected == {}


async def test_the_hint_for_missing_column_privileges_is_sql(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a bigint, b bigint)")
    database.execute("REVOKE ALL ON t FROM eventer")
    database.execute("GRANT SELECT, INSERT (id, a), UPDATE (b) ON t TO eventer")
    to = flow("t", shape(id="bigint", a="bigint", b="bigint"), key=("id",))
    async with Writer(database.dsn) as writer:
        for ask in (writer.connection.check, writer.connection.prepare):
            with pytest.raises(DestinationRejectedError, match='column "b"') as caught:
                await ask(to)
        assert str(caught.value.hint).startswith('GRANT INSERT ("b"), UPDATE ("a") ON "public"."t"')
        database.execute(str(caught.value.hint))
        for _ in range(2):
            assert (await writer.send(to, [{"id": 1, "a": 1, "b": 1}])).rejected == {}


async def test_the_hint_for_the_missing_temporary_privilege_is_sql(database: Database) -> None:
    name = database.value("SELECT current_database()")
    database.execute(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC, eventer")
    to = flow("t", shape(id="bigint", a="bigint"))
    async with Writer(database.dsn) as writer:
        for ask in (writer.connection.check, writer.connection.prepare):
            with pytest.raises(DestinationRejectedError, match="temporary tables") as caught:
                await ask(to)
        database.execute(str(caught.value.hint))
        assert (await writer.send(to, [{"id": 1, "a": 1}])).rejected == {}


async def test_a_type_without_casts_is_rejected(database: Database) -> None:
    """An error while preparing one flow does not affect the others."""
    bad, fine = flow("t", shape(a="text")), flow("u", shape(a="text"), generator=2)
    async with Writer(database.dsn) as writer:
        await writer.send(bad, [{"a": "x"}])
        database.execute("CREATE TYPE pair AS (x int, y int); DROP TABLE t; CREATE TABLE t (a xid)")
        deliveries = [
            writer.delivery(bad, [{"a": "no number"}]),
            writer.delivery(fine, [{"a": "x"}]),
        ]
        outcome = await writer.connection.deliver(deliveries)
        assert set(outcome.committed) == {fine.key}
        assert isinstance(outcome.rejected[bad.key], DestinationRejectedError)


async def test_flows_of_one_layout_share_a_staging_table(database: Database) -> None:
    """Each flow has a table of its own, and one of them is rejected."""
    of = shape(id="bigint", a="text")
    flows = [flow(f"t{n}", of, generator=n) for n in range(6)]
    database.execute("CREATE TABLE t3 (id bigint PRIMARY KEY, a text CHECK (a <> 'no'))")
    async with Writer(database.dsn) as writer:
        for turn in range(3):
            deliveries = [
                writer.delivery(to, [{"id": n, "a": "no" if n == 3 and turn == 1 else f"{turn}"}])
                for n, to in enumerate(flows)
            ]
            outcome = await writer.connection.deliver(deliveries)
            writer._next |= {key: at.next for key, at in outcome.committed.items()}
            assert set(outcome.rejected) == ({flows[3].key} if turn == 1 else set())
        stages = "SELECT count(*) FROM pg_class WHERE relname LIKE 'eventer_stage%'"
        assert await writer.connection._session.client.fetchval(stages) == 1
        for to in flows:
            await writer.connection._session.flows.forget(to.key)
        assert await writer.connection._session.client.fetchval(stages) == 0
    for n in range(6):
        assert database.rows(f"SELECT id, a FROM t{n}") == [(n, "2")]


async def test_unused_flows_are_dropped_and_prepared_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventer.destinations.postgres.prepared_flows._MAX_PREPARED_FLOWS", 2)
    flows = [flow(f"t{n}", shape(id="bigint", a="text"), generator=n) for n in range(5)]
    async with Writer(database.dsn) as writer:
        for _ in range(2):
            for to in flows:
                await writer.send(to, [{"id": 1}])
            deliveries = [writer.delivery(to, [{"id": 2}]) for to in flows]
            outcome = await writer.connection.deliver(deliveries)
            writer._next |= {key: at.next for key, at in outcome.committed.items()}
            assert len(writer.connection._session.flows._ready) == 2
    for n in range(5):
        assert database.rows(f"SELECT id FROM t{n} ORDER BY id") == [(1,), (2,)]


async def test_positions_need_a_schema_of_their_own(database: Database) -> None:
    """Without the privilege the hint is SQL; an existing schema needs no privilege."""
    name = database.value("SELECT current_database()")
    database.execute(f"REVOKE CREATE ON DATABASE {name} FROM eventer")
    with pytest.raises(DestinationRejectedError, match="positions") as caught:
        await Writer(database.dsn).__aenter__()
    database.execute(f"GRANT CREATE ON DATABASE {name} TO eventer")
    database.execute(str(caught.value.hint))
    database.execute(f"REVOKE CREATE ON DATABASE {name} FROM eventer")
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", shape(a="bigint")), [{"a": 1}])
        with pytest.raises(DestinationRejectedError, match="may not create") as caught:
            await writer.connection.check(flow("s.t", shape(a="bigint")))
    assert str(caught.value.hint).startswith('CREATE SCHEMA "s"')


async def test_a_running_generator_loses_its_privileges(database: Database) -> None:
    to, fine = flow("t", shape(a="bigint")), flow("u", shape(a="bigint"), generator=2)
    async with Writer(database.dsn) as writer:
        await writer.send(to, [{"a": 1}])
        database.execute("REVOKE ALL ON t FROM eventer")
        deliveries = [writer.delivery(to, [{"a": 2}]), writer.delivery(fine, [{"a": 2}])]
        outcome = await writer.connection.deliver(deliveries)
        assert set(outcome.committed) == {fine.key}
        assert "GRANT" in str(outcome.rejected[to.key].hint)
