"""Events that delete the row of their key, and how tables answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import EventShape, PostgresTarget
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, shape
from tests.integration.postgres.test_upsert import BLIND
from tests.postgres_server.databases import Database

pytestmark = pytest.mark.postgres

WORDS = shape(id="bigint", word="text")


def deleting(
    table: str, of: EventShape = WORDS, key: tuple[str, ...] | None = None, generator: int = 1
) -> Flow:
    """A flow whose events have the field `op`, which is not a column."""
    target = PostgresTarget(table, key=key, omit=("op",), op="op")
    return replace(flow(table, of, generator=generator), target=target)


async def send(
    writer: Writer, to: Flow, *batches: Sequence[Any], skip: bool = False
) -> DeliveryOutcome:
    first = writer._next.get(to.key, 0)
    made = []
    for events in batches:
        made.append(batch_of(first, events, part=to.target.part))
        first += len(events)
    outcome = await writer.connection.deliver([Delivery(to, tuple(made), skip_rejected=skip)])
    for key, position in outcome.committed.items():
        writer._next[key] = position.next
    return outcome


def delete(**row: Any) -> dict[str, Any]:
    return {"op": "delete", **row}


@pytest.mark.parametrize(
    ("column", "kind", "key", "same"),
    [
        ("int", "bigint", 5, 5),
        ("double precision", "double", 1.5, 1.5),
        ("numeric(10,2)", "double", 1.5, 1.501),
        ("text", "text", "é'\"", "é'\""),
        ("varchar(5)", "text", "abc", "abc"),
        ("char(5)", "text", "abc", "abc"),
        ("name", "text", "abc", "abc"),
        (
            "uuid",
            "text",
            "5a0fe5a0-0000-4000-8000-00000000000a",
            "5A0FE5A0-0000-4000-8000-00000000000A",
        ),
        ("date", "timestamptz", "2024-05-01T01:00:00Z", "2024-05-01T23:00:00Z"),
        ("timestamptz", "timestamptz", "2024-05-01T01:00:00Z", "2024-05-01T03:00:00+02:00"),
        ("boolean", "boolean", True, True),
        ("jsonb", "jsonb", {"a": [1.0]}, {"a": [1]}),
        ("int[]", "jsonb", [1, 2], [1, 2]),
    ],
)
async def test_keys_of_every_type_are_deleted(
    database: Database, column: str, kind: str, key: Any, same: Any
) -> None:
    database.execute(f"CREATE TABLE t (id {column} PRIMARY KEY, word text NOT NULL)")
    to = deleting("t", shape(id=kind, word="text"))
    async with Writer(database.dsn) as writer:
        assert not (await send(writer, to, [{"id": key, "word": "a"}])).rejected
        assert database.rows("SELECT word FROM t") == [("a",)]
        assert not (await send(writer, to, [delete(id=same)])).rejected
        assert database.rows("SELECT word FROM t") == []
        again = [{"id": key, "word": "b"}, delete(id=same), {"id": same, "word": "c"}]
        assert not (await send(writer, to, again)).rejected
        assert database.rows("SELECT word FROM t") == [("c",)]
        both = [{"id": key, "word": "d"}, delete(id=same)]
        assert not (await send(writer, to, both)).rejected
        assert database.rows("SELECT word FROM t") == []


async def test_a_key_that_a_collation_equates_is_deleted(system_postgres: Any) -> None:
    """The embedded server has no such collations, since it is built without ICU."""
    with system_postgres.fresh_database() as database:
        database.execute(f"CREATE COLLATION blind ({BLIND})")
        database.execute('CREATE TABLE t (id text COLLATE "blind" PRIMARY KEY, word text)')
        to = deleting("t", shape(id="text", word="text"))
        rows = [{"id": "a", "word": "x"}, {"id": "b", "word": "y"}, delete(id="A")]
        async with Writer(database.dsn) as writer:
            assert not (await send(writer, to, rows[:2])).rejected
            assert not (await send(writer, to, rows[2:])).rejected
        assert database.rows("SELECT word FROM t") == [("y",)]


async def test_a_longer_text_deletes_no_row_of_a_truncated_key(database: Database) -> None:
    database.execute("CREATE TABLE t (id varchar(3) PRIMARY KEY)")
    to = deleting("t", shape(id="text"))
    async with Writer(database.dsn) as writer:
        assert not (await send(writer, to, [{"id": "abc"}, delete(id="abcd")])).rejected
    assert database.rows("SELECT id FROM t") == [("abc",)]


async def test_compound_keys_and_many_operations(database: Database) -> None:
    to = deleting("t", shape(a="bigint", b="text", v="bigint"), key=("a", "b"))
    operations: list[Any] = []
    for n in range(600):
        row = {"a": n % 5, "b": f"x{n % 3}"}
        operations.append(delete(**row) if n % 7 in {2, 3} else {**row, "v": n, "op": "upsert"})
    expected: dict[Any, Any] = {}
    for each in operations:
        key = each["a"], each["b"]
        expected.pop(key, None)
        if each["op"] == "upsert":
            expected[key] = (*key, each["v"])
    async with Writer(database.dsn) as writer:
        outcome = await send(writer, to, operations[:250], operations[250:])
        assert not outcome.rejected
    assert sorted(database.rows("SELECT a, b, v FROM t")) == sorted(expected.values())


async def test_a_unique_value_of_a_deleted_row_is_free_in_the_same_commit(
    database: Database,
) -> None:
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, word text UNIQUE)")
    to = deleting("t")
    async with Writer(database.dsn) as writer:
        assert not (await send(writer, to, [{"id": 1, "word": "a"}])).rejected
        moved = [delete(id=1), {"id": 2, "word": "a"}]
        assert not (await send(writer, to, moved)).rejected
        moved = [{"id": 3, "word": "b"}, delete(id=2), {"id": 1, "word": "a"}]
        assert not (await send(writer, to, moved)).rejected
    assert database.rows("SELECT id, word FROM t ORDER BY id") == [(1, "a"), (3, "b")]


async def test_a_row_that_others_refer_to_is_not_deleted(database: Database) -> None:
    """The event is rejected, with a hint; others of the delivery are committed."""
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, word text);"
        "CREATE TABLE child (id bigint REFERENCES t); "
    )
    to = deleting("t")
    async with Writer(database.dsn) as writer:
        rows = [{"id": n, "word": "a"} for n in range(4)]
        assert not (await send(writer, to, rows)).rejected
        database.execute("INSERT INTO child VALUES (2)")
        changes = [delete(id=1), delete(id=2), delete(id=3), {"id": 0, "word": "b"}]
        error = (await send(writer, to, changes)).rejected[to.key]
        assert isinstance(error, DestinationRejectedError)
        assert error.index == 5
        assert "rows that refer to it are deleted later" in str(error.hint)
        outcome = await send(writer, to, changes, skip=True)
        assert [each.index for each in outcome.skipped[to.key]] == [5]
    assert database.rows("SELECT id, word FROM t ORDER BY id") == [(0, "b"), (2, "a")]


async def test_the_last_accepted_operation_wins(database: Database) -> None:
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, word text CHECK (word <> 'bad'))")
    to = deleting("t")
    bad = {"word": "bad"}
    async with Writer(database.dsn) as writer:
        changes = [
            {"id": 1, "word": "a"},
            delete(id=1),
            {"id": 1, **bad},
            {"id": 2, "word": "a"},
            delete(id=2),
            {"id": 2, "word": "b"},
            {"id": 2, **bad},
            {"id": 3, **bad},
            delete(id=3, **bad),
        ]
        outcome = await send(writer, to, changes, skip=True)
        # Event 7 is not written: the next one replaces it.
        assert [each.index for each in outcome.skipped[to.key]] == [2, 6]
    assert database.rows("SELECT id, word FROM t ORDER BY id") == [(2, "b")]


async def test_a_deletion_without_a_key_is_rejected(database: Database) -> None:
    to = deleting("t")
    async with Writer(database.dsn) as writer:
        outcome = await send(writer, to, [{"id": 1}, delete(word="x"), delete(id=None)], skip=True)
        assert [each.index for each in outcome.skipped[to.key]] == [1, 2]
        assert "has no value" in outcome.skipped[to.key][0].message


async def test_deletions_need_a_key_and_a_right(database: Database) -> None:
    database.execute(
        "CREATE TABLE rows (word text); CREATE TABLE t (id bigint PRIMARY KEY, word text);"
    )
    async with Writer(database.dsn) as writer:
        with pytest.raises(DestinationRejectedError, match="cannot be deleted without"):
            await writer.connection.check(deleting("rows", shape(word="text")))
        with pytest.raises(DestinationRejectedError, match="cannot be deleted without"):
            await writer.connection.check(deleting("new", shape(word="text")))
        await writer.connection.check(deleting("t"))
        database.execute("REVOKE DELETE ON t FROM eventer")
        with pytest.raises(DestinationRejectedError, match="DELETE privilege") as caught:
            await writer.connection.check(deleting("t"))
        assert caught.value.hint is not None
        database.execute(caught.value.hint)
        await writer.connection.check(deleting("t"))


async def test_positions_of_an_earlier_version_without_dropped_events(database: Database) -> None:
    """A role that may not add the column counts them as skipped; one that may, adds it."""
    to = flow("t", WORDS)
    batch = batch_of(0, [{"id": n} for n in range(4)])
    async with Writer(database.dsn) as writer:
        await writer.connection.deliver([Delivery(to, (batch.drop(batch.index < 1),))])
        assert (await writer.connection.positions([to.key]))[to.key].dropped == 1
    database.execute("ALTER TABLE eventer.position DROP COLUMN dropped")
    database.execute("REVOKE CREATE ON SCHEMA eventer FROM eventer")
    later = batch_of(4, [{"id": n} for n in range(4)])
    async with Writer(database.dsn) as writer:
        found = (await writer.connection.positions([to.key]))[to.key]
        assert (found.next, found.skipped, found.dropped) == (4, 0, 0)
        await writer.connection.deliver([Delivery(to, (later.drop(later.index < 6),))])
    async with Writer(database.dsn) as writer:
        found = (await writer.connection.positions([to.key]))[to.key]
        assert (found.next, found.skipped, found.dropped) == (8, 2, 0)
    database.execute("GRANT CREATE ON SCHEMA eventer TO eventer")
    async with Writer(database.dsn):
        assert database.rows("SELECT dropped FROM eventer.position") == [(0,)]
