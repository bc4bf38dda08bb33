"""Flows of one layout share one COPY, except for a flow that the server rejects."""

from dataclasses import replace

import asyncpg
import pytest

from eventer.destinations.base import Delivery
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, shape
from tests.postgres_server.databases import Database

COUNT = 9
WORDS = "CREATE TABLE words (n bigint, word text CHECK (word <> 'forbidden'))"


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The table of each COPY."""
    made: list[str] = []
    copy = asyncpg.Connection.copy_to_table

    async def noted(self, table_name, **options):
        made.append(table_name)
        return await copy(self, table_name, **options)

    monkeypatch.setattr(asyncpg.Connection, "copy_to_table", noted)
    return made


def words(number: int, word: str = "fine") -> list[dict]:
    return [{"n": number * 10 + i, "word": word} for i in range(3)]


def numbers(database: Database, table: str = "words") -> list[int]:
    return [n for (n,) in database.rows(f"SELECT n FROM {table} ORDER BY n")]


async def test_appended_rows_of_many_flows_share_one_copy(database, copies):
    database.execute(WORDS)
    flows = [flow("words", shape(n="bigint", word="text"), generator=i) for i in range(COUNT)]
    async with Writer(database.dsn) as writer:
        deliveries = [writer.delivery(to, words(i)) for i, to in enumerate(flows)]
        outcome = await writer.connection.deliver(deliveries)
    assert set(outcome.committed) == {to.key for to in flows}
    assert copies == ["words"]
    assert numbers(database) == [i * 10 + n for i in range(COUNT) for n in range(3)]


@pytest.mark.parametrize("bad", [0, 4, COUNT - 1])
async def test_only_the_flow_with_a_rejected_row_is_excluded(bad, database, copies):
    database.execute(WORDS)
    flows = [flow("words", shape(n="bigint", word="text"), generator=i) for i in range(COUNT)]
    async with Writer(database.dsn) as writer:
        deliveries = [
            writer.delivery(to, words(i, "forbidden" if i == bad else "fine"))
            for i, to in enumerate(flows)
        ]
        outcome = await writer.connection.deliver(deliveries)
    assert set(outcome.rejected) == {flows[bad].key}
    assert "forbidden" in str(outcome.rejected[flows[bad].key])
    assert numbers(database) == [i * 10 + n for i in range(COUNT) if i != bad for n in range(3)]


@pytest.mark.parametrize("key", [None, ("n",)])
async def test_flows_that_skip_rejected_rows_share_another_copy(database, copies, key):
    """Each gets the errors of its own events, whether Eventer or the server finds them."""
    database.execute(WORDS.replace("bigint", "smallint PRIMARY KEY" if key else "smallint"))
    flows = [
        flow("words", shape(n="bigint", word="text"), key=key, generator=i) for i in range(COUNT)
    ]
    async with Writer(database.dsn) as writer:
        for to in flows:
            await writer.connection.prepare(to)
        rows = [words(i, "forbidden" if i in (2, 5) else "fine") for i in range(COUNT)]
        rows[5][0]["word"] = "fine"
        deliveries = [writer.delivery(to, own) for to, own in zip(flows, rows, strict=True)]
        skipping = [replace(each, skip_rejected=True) for each in deliveries[1:]]
        outcome = await writer.connection.deliver([deliveries[0], *skipping])
        assert len(copies) == 3, "of all, of the flow that does not skip, and of the others"
        assert {to.key: [e.index for e in outcome.skipped.get(to.key, ())] for to in flows} == {
            to.key: {2: [0, 1, 2], 5: [1, 2]}.get(i, []) for i, to in enumerate(flows)
        }
        assert {position.next for position in outcome.committed.values()} == {3}

        copies.clear()
        rows[3][1]["n"], rows[5][0]["n"] = 1 << 20, 1 << 20
        again = [
            Delivery(to, (batch_of(3, own),), skip_rejected=True)
            for to, own in zip(flows, rows, strict=True)
        ]
        outcome = await writer.connection.deliver(again)
        found = {to.key: [e.index for e in outcome.skipped.get(to.key, ())] for to in flows}
    assert found == {
        to.key: {2: [3, 4, 5], 3: [4], 5: [3, 4, 5]}.get(i, []) for i, to in enumerate(flows)
    }
    assert {position.next for position in outcome.committed.values()} == {6}


async def test_upserted_rows_of_many_flows_share_one_copy_and_the_last_flow_wins(database, copies):
    flows = [flow("kept", shape(id="bigint", word="text"), generator=i) for i in range(COUNT)]
    async with Writer(database.dsn) as writer:
        rows = [[{"id": 1, "word": f"of {i}"}, {"id": 10 + i, "word": "own"}] for i in range(COUNT)]
        for to in flows:
            await writer.connection.prepare(to)
        copies.clear()
        deliveries = [writer.delivery(to, own) for to, own in zip(flows, rows, strict=True)]
        outcome = await writer.connection.deliver(deliveries)
    assert set(outcome.committed) == {to.key for to in flows}
    assert len(copies) == 1
    assert numbers_of_ids(database) == [1, *range(10, 10 + COUNT)]
    assert database.value("SELECT word FROM kept WHERE id = 1") == f"of {COUNT - 1}"


def numbers_of_ids(database: Database) -> list[int]:
    return [n for (n,) in database.rows("SELECT id FROM kept ORDER BY id")]


async def test_other_columns_or_tables_need_another_copy(database, copies):
    database.execute(WORDS)
    database.execute("CREATE TABLE others (n bigint, word text)")
    flows = [
        flow("words", shape(n="bigint", word="text"), generator=1),
        flow("words", shape(n="bigint"), generator=2),
        flow("others", shape(n="bigint", word="text"), generator=3),
    ]
    async with Writer(database.dsn) as writer:
        rows = [words(1), [{"n": 2}], words(3)]
        outcome = await writer.connection.deliver(
            [writer.delivery(to, own) for to, own in zip(flows, rows, strict=True)]
        )
    assert set(outcome.committed) == {to.key for to in flows}
    assert sorted(copies) == ["others", "words", "words"]
    assert numbers(database, "words") == [2, 10, 11, 12]
    assert numbers(database, "others") == [30, 31, 32]
