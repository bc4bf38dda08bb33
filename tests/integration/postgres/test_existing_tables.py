"""Tables that users created: other types, other keys, and errors with SQL as hint."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import ip_address

import pytest

from eventer.core.errors import DestinationRejectedError
from tests.integration.postgres.harness import Writer, flow, shape
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres

UUID = "5f0c6d1e-7a55-4a4b-9a5c-0d7f0e4b1a11"
AT = "2021-12-01T03:04:05Z"
INSTANT = datetime(2021, 12, 1, 3, 4, 5, tzinfo=UTC)

TEXTS = ['a"b', "c,d", "", "NULL", None, "\\", "{}"]
FITS = [
    ("uuid", "text", UUID, uuid.UUID(UUID)),
    ("numeric", "text", "12.50", Decimal("12.50")),
    ("numeric(10,2)", "double", 12.345, Decimal("12.35")),
    ("numeric", "double", 0.1, Decimal("0.1")),
    ("numeric(9)", "bigint", 7, Decimal(7)),
    ("numeric(9)", "double", 1e3, Decimal(1000)),
    ("varchar(5)", "text", "abcde", "abcde"),
    ("char(5)", "text", "abc", "abc  "),
    ("text", "bigint", 12, "12"),
    ("text", "double", 1e30, "1e+30"),
    ("text", "boolean", True, "true"),
    ("text", "timestamptz", AT, AT),
    ("text", "jsonb", {"a": 1}, '{"a": 1}'),
    ("text", "jsonb", "plain", "plain"),
    ("varchar(9)", "jsonb", 5, "5"),
    ("name", "text", "n", "n"),
    ('"char"', "text", "c", "c"),
    ("mood", "text", "sad", "sad"),
    ("mood", "jsonb", "sad", "sad"),
    ("date", "timestamptz", AT, date(2021, 12, 1)),
    ("date", "text", "2021-12-01", date(2021, 12, 1)),
    ("timestamp", "timestamptz", AT, INSTANT.replace(tzinfo=None)),
    ("timestamptz", "text", AT, INSTANT),
    ("timestamptz(0)", "timestamptz", "2021-12-01T03:04:05.4Z", INSTANT),
    ("inet", "text", "10.0.0.1", ip_address("10.0.0.1")),
    ("int4", "bigint", -(1 << 31), -(1 << 31)),
    ("int2", "bigint", (1 << 15) - 1, (1 << 15) - 1),
    ("int4", "double", 3.0, 3),
    ("int8", "double", -(2.0**63), -(1 << 63)),
    ("int4", "text", "42", 42),
    ("int4", "jsonb", 42, 42),
    ("float4", "double", 0.5, 0.5),
    ("float8", "bigint", 3, 3.0),
    ("float4", "bigint", 3, 3.0),
    ("boolean", "text", "yes", True),
    ("boolean", "jsonb", False, False),
    ("json", "jsonb", {"b": 1}, {"b": 1}),
    ("json", "bigint", 1, 1),
    ("jsonb", "text", "s", "s"),
    ("jsonb", "double", 1.5, 1.5),
    ("jsonb", "timestamptz", AT, AT),
    ("positive", "bigint", 4, 4),
    ("int4[]", "text", "{1,2}", [1, 2]),
    ("int4[]", "jsonb", [1, None, -3], [1, None, -3]),
    ("int4[]", "jsonb", [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    ("int4[]", "jsonb", [], []),
    ("int4[]", "jsonb", "{5}", [5]),
    ("text[]", "jsonb", TEXTS, TEXTS),
    ("varchar(3)[]", "jsonb", ["abc"], ["abc"]),
    ("numeric(5,2)[]", "jsonb", [1.5, 2], [Decimal("1.50"), Decimal("2.00")]),
    ("boolean[]", "jsonb", [True, None], [True, None]),
    ("timestamptz[]", "jsonb", [AT], [INSTANT]),
    ("jsonb[]", "jsonb", [{"a": [1]}, "s"], [{"a": [1]}, "s"]),
    ("bytea", "text", "\\x01ff", b"\x01\xff"),
    ('"odd {type}"', "text", "sad", "sad"),
]


@pytest.fixture
def typed(each_database: Database) -> Database:
    each_database.execute("CREATE TYPE mood AS ENUM ('sad', 'ok')")
    each_database.execute("CREATE TYPE \"odd {type}\" AS ENUM ('sad', 'ok')")
    each_database.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
    return each_database


@pytest.mark.parametrize("key", [(), ("id",)], ids=["append", "upsert"])
async def test_columns_of_other_types_accept_values(typed: Database, key: tuple) -> None:
    """Appended and upserted, also null: by assignment casts or the type's text input."""
    columns = ", ".join(f"c{i} {kind}" for i, (kind, *_) in enumerate(FITS))
    constraint = ", PRIMARY KEY (id)" if key else ""
    typed.execute(f"CREATE TABLE t (id int, {columns}{constraint})")
    kinds = {f"c{i}": kind for i, (_, kind, *_) in enumerate(FITS)}
    event = {f"c{i}": value for i, (_, _, value, _) in enumerate(FITS)}
    to = flow("t", shape(id="bigint", **kinds))
    async with Writer(typed.dsn) as writer:
        outcome = await writer.send(to, [{"id": 1, **event}, {"id": 2}])
        assert outcome.rejected == {}
    names = ", ".join(kinds)
    got = typed.rows(f"SELECT {names} FROM t ORDER BY id")
    assert list(got[0]) == [wanted for *_, wanted in FITS]
    assert got[1] == (None,) * len(FITS)


async def test_each_column_accepts_values_alone(typed: Database) -> None:
    """One column at a time, so that COPY writes into tables without casts."""
    stored = []
    async with Writer(typed.dsn) as writer:
        for i, (kind, inferred, value, _) in enumerate(FITS):
            typed.execute(f"CREATE TABLE t{i} (c {kind})")
            to = flow(f"t{i}", shape(c=inferred), generator=i + 1)
            outcome = await writer.send(to, [{"c": value}, {}])
            assert outcome.rejected == {}, f"{inferred} into {kind}"
            stored.append(typed.rows(f"SELECT c FROM t{i}"))
    assert stored == [[(wanted,), (None,)] for *_, wanted in FITS]


REFUSED = [
    ("int4", "bigint", 1 << 31, "out of range"),
    ("int4", "bigint", -(1 << 31) - 1, "out of range"),
    ("int2", "double", 40_000.0, "out of range"),
    ("int8", "double", 2.0**63, "out of range"),
    ("int4", "double", 1.5, "whole number"),
    ("int8", "double", -0.25, "whole number"),
    ("numeric(9)", "double", 0.5, "whole number"),
    ("numeric(4,2)", "double", 123.0, "overflow"),
    ("numeric(3)", "bigint", 1000, "overflow"),
    ("float4", "double", 1e39, "out of range"),
    ("varchar(3)", "text", "abcd", "too long"),
    ("name", "text", "é" * 32, "longer than 63 bytes"),
    ('"char"', "text", "ab", "longer than 1 byte;"),
    ("char(3)", "text", "abcd", "too long"),
    ("varchar(3)", "bigint", 1234, "too long"),
    ("varchar(3)", "jsonb", "abcd", "too long"),
    ("uuid", "text", "no uuid", "uuid"),
    ("inet", "text", "1.2.3", "inet"),
    ("date", "text", "yesterday-ish", "date"),
    ("mood", "text", "angry", "mood"),
    ("int4", "text", "1.5", "integer"),
    ("int4", "jsonb", "x", "integer"),
    ("boolean", "jsonb", 7, "boolean"),
    ("int4[]", "jsonb", 5, "array"),
    ("int4[]", "jsonb", ["x"], "integer"),
    ("int4[]", "jsonb", [[1], [2, 3]], "array"),
    ("varchar(3)[]", "jsonb", ["abcd"], "too long"),
    ("timestamptz", "text", "soon", "timestamp"),
]


@pytest.mark.parametrize("key", [(), ("id",)], ids=["append", "upsert"])
@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[1]} {case[2]} into {case[0]}")
async def test_rejections_name_event_column_types_and_sql(
    typed: Database, case: tuple, key: tuple
) -> None:
    """After the SQL of the hint, the table accepts the event."""
    kind, inferred, value, why = case
    constraint = ", PRIMARY KEY (id)" if key else ""
    typed.execute(f'CREATE TABLE "T 1" (id int, "the col" {kind}{constraint})')
    to = flow("T 1", shape(id="bigint", **{"the col": inferred}))
    events = [{"id": n} for n in range(9)]
    events[7]["the col"] = value
    async with Writer(typed.dsn) as writer:
        assert (await writer.send(to, [{"id": 100}])).rejected == {}
        outcome = await writer.send(to, events[:3], events[3:])
        error = outcome.rejected[to.key]
        assert isinstance(error, DestinationRejectedError)
        assert error.index == 8
        stored = typed.column_types('"T 1"')["the col"]
        for part in ("event 8", '"the col"', '"T 1"', why, stored):
            assert part in error.message
        assert typed.value('SELECT count(*) FROM "T 1"') == 1

        assert error.hint is not None
        typed.execute(error.hint)
        assert (await writer.send(to, events)).rejected == {}
    assert typed.value('SELECT count(*) FROM "T 1"') == 10


@pytest.mark.parametrize(
    ("kind", "inferred"),
    [
        ("name", "jsonb"),
        ("name[]", "jsonb"),
        ("name[]", "text"),
        ("int4", "boolean"),
        ("date", "bigint"),
        ("uuid", "double"),
        ("uuid", "timestamptz"),
        ("inet", "boolean"),
        ("int8", "timestamptz"),
        ("int4[]", "double"),
    ],
)
async def test_impossible_types_are_rejected_before_anything_is_created(
    typed: Database, kind: str, inferred: str
) -> None:
    typed.execute(f"CREATE TABLE t (c {kind})")
    to = flow("t", shape(c=inferred, more="text"))
    async with Writer(typed.dsn) as writer:
        for ask in (writer.connection.check, writer.connection.prepare):
            with pytest.raises(DestinationRejectedError) as caught:
                await ask(to)
            assert '"c"' in caught.value.message
            assert caught.value.hint is not None
            assert caught.value.hint.startswith('ALTER TABLE "public"."t" ALTER COLUMN "c" TYPE')
    assert typed.column_types("t") == {"c": typed.column_types("t")["c"]}


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE TABLE t (a bigint, must text NOT NULL)", '"must"'),
        ("CREATE TABLE t (a bigint GENERATED ALWAYS AS (1) STORED)", "generated"),
        ("CREATE TABLE t (k bigint PRIMARY KEY, a bigint GENERATED ALWAYS AS IDENTITY)", "ALWAYS"),
        ("CREATE VIEW t AS SELECT 1 AS a", "view"),
        ("CREATE SEQUENCE t", "sequence"),
    ],
)
async def test_rejected_tables(database: Database, statement: str, why: str) -> None:
    database.execute(statement)
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError, match=why) as caught:
            await writer.connection.prepare(to := flow("t", shape(a="bigint", k="bigint")))
        if caught.value.hint and caught.value.hint.startswith("ALTER"):
            database.execute(caught.value.hint)
            await writer.connection.prepare(to)


async def test_events_may_override_identities_and_defaults(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "made timestamptz NOT NULL DEFAULT now(), a bigint)"
    )
    async with Writer(database.dsn) as writer:
        await writer.send(flow("t", shape(a="bigint")), [{"a": 1}, {"a": 2}])
        of = shape(id="bigint", a="bigint")
        await writer.send(flow("t", of, generator=2), [{"id": 77, "a": 3}, {"id": 1, "a": 4}])
    assert database.rows("SELECT id, a FROM t ORDER BY id") == [(1, 4), (2, 2), (77, 3)]


async def test_a_violated_constraint_is_named(database: Database) -> None:
    """The error names the constraint and the event."""
    database.execute("CREATE TABLE t (a bigint, b bigint, CONSTRAINT order_of CHECK (a < b))")
    to = flow("t", shape(a="bigint", b="bigint"))
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to, [{"a": 1, "b": 2}, {"a": 2, "b": 1}])
    assert outcome.rejected[to.key].index == 1
    assert "order_of" in outcome.rejected[to.key].message


async def test_not_null_names_event_and_column(database: Database) -> None:
    database.execute("CREATE TABLE t (a bigint, b bigint NOT NULL)")
    to = flow("t", shape(a="bigint", b="bigint"))
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to, [{"a": 1, "b": 2}, {"a": 2}])
    assert outcome.rejected[to.key].index == 1
    assert '"b"' in outcome.rejected[to.key].message


async def test_a_deferred_constraint_rejects_only_its_flow(database: Database) -> None:
    """It fails at commit, without naming a flow; the other flows are committed."""
    database.execute("CREATE TABLE parent (id bigint PRIMARY KEY)")
    database.execute("CREATE TABLE t (a bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    bad, fine = flow("t", shape(a="bigint")), flow("other", shape(a="bigint"), generator=2)
    async with Writer(database.dsn) as writer:
        deliveries = [writer.delivery(bad, [{"a": 1}]), writer.delivery(fine, [{"a": 1}])]
        outcome = await writer.connection.deliver(deliveries)
    assert set(outcome.committed) == {fine.key}
    assert outcome.rejected[bad.key].index == 0
    assert database.value("SELECT count(*) FROM other") == 1
    assert database.value("SELECT count(*) FROM t") == 0


@pytest.mark.parametrize("enabled_while_running", [False, True])
async def test_row_level_security_applies(
    database: Database, *, enabled_while_running: bool
) -> None:
    secured = (
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; "
        "CREATE POLICY p ON t USING (true) WITH CHECK (n >= 0)"
    )
    database.execute("CREATE TABLE t (n bigint)")
    to = flow("t", shape(n="bigint"))
    async with Writer(database.dsn) as writer:
        if enabled_while_running:
            assert (await writer.send(to, [{"n": 0}])).rejected == {}
            database.execute(secured)
        else:
            database.execute(secured)
            assert (await writer.send(to, [{"n": 0}])).rejected == {}
        assert (await writer.send(to, [{"n": 1}, {"n": 2}])).rejected == {}
        outcome = await writer.send(to, [{"n": 3}, {"n": -1}])
        assert outcome.rejected[to.key].index == 4
        assert "row-level security" in outcome.rejected[to.key].message
    assert database.rows("SELECT n FROM t ORDER BY n") == [(0,), (1,), (2,)]


async def test_partitioned_tables_are_accepted(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text) PARTITION BY HASH (id)")
    database.execute("CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 1, REMAINDER 0)")
    async with Writer(database.dsn) as writer:
        to = flow("t", shape(id="bigint", a="text"))
        await writer.send(to, [{"id": 1, "a": "x"}], [{"id": 1, "a": "y"}])
    assert database.rows("SELECT * FROM t") == [(1, "y")]
