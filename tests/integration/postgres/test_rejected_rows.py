"""Deliveries that skip the events that the table rejects, by whatever means it does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import asyncpg
import numpy as np
import pyarrow as pa
import pytest

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import ColumnType, JsonValue
from eventer.destinations.base import DeliveryOutcome, Flow
from eventer.testing.batches import batch_of
from tests.integration.postgres.harness import Writer, flow, shape
from tests.integration.postgres.test_failures import terminate_all
from tests.postgres_server.databases import Database

WORDS = shape(n="bigint", word="text")


async def skip(writer: Writer, to: Flow, *batches: Sequence[JsonValue]) -> DeliveryOutcome:
    """Delivers events; those that are rejected are skipped."""
    delivery = replace(writer.delivery(to, *batches), skip_rejected=True)
    outcome = await writer.connection.deliver([delivery])
    for key, position in outcome.committed.items():
        writer._next[key] = position.next
    return outcome


def skipped(outcome: DeliveryOutcome, to: Flow) -> list[int | None]:
    """The indices of the skipped events."""
    assert outcome.rejected == {}
    return [error.index for error in outcome.skipped[to.key]]


def words(bad: Sequence[int], count: int, word: str = "bad") -> list[JsonValue]:
    """Events of which some have the bad word."""
    return [{"n": n, "word": word if n in bad else f"w{n}"} for n in range(count)]


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The requests of the client: each takes a round trip."""
    made: list[str] = []

    def count(name: str) -> None:
        method = getattr(asyncpg.Connection, name)

        async def counted(self, *arguments, **options):
            made.append(name)
            return await method(self, *arguments, **options)

        monkeypatch.setattr(asyncpg.Connection, name, counted)

    for name in ("execute", "fetch", "fetchrow", "fetchval", "copy_to_table"):
        count(name)
    return made


@pytest.mark.parametrize("key", [None, ("n",)])
async def test_round_trips_and_attempts_do_not_depend_on_how_many_are_rejected(
    database: Database, requests: list[str], key: tuple[str, ...] | None
) -> None:
    primary = ", PRIMARY KEY (n)" if key else ""
    database.execute(f"CREATE TABLE t (n bigint, word text CHECK (word <> 'bad'){primary})")
    database.execute("CREATE SEQUENCE attempts")
    database.execute(
        "CREATE FUNCTION count_attempt() RETURNS trigger LANGUAGE plpgsql "
        "AS $$BEGIN PERFORM nextval('attempts'); RETURN NULL; END$$;"
        "CREATE TRIGGER counting BEFORE INSERT ON t EXECUTE FUNCTION count_attempt()"
    )
    to, round_trips = flow("t", WORDS, key=key), set()
    async with Writer(database.dsn) as writer:
        await skip(writer, to, words([0], 1_000))  # creates the staging table
        for bad, limit in (([500], 30), (range(0, 1_000, 50), 300), (range(900), 1_100)):
            requests.clear()
            database.execute("ALTER SEQUENCE attempts RESTART")
            outcome = await skip(writer, to, words(bad, 1_000))
            assert len(skipped(outcome, to)) == len(bad)
            round_trips.add(len(requests))
            assert int(str(database.value("SELECT last_value FROM attempts"))) <= limit
    assert len(round_trips) == 1
    assert max(round_trips) <= 25


@pytest.mark.parametrize("rule", ["CHECK (word <> 'bad')", "UNIQUE", "REFERENCES fine", "trigger"])
async def test_every_kind_of_rule_rejects_its_events_alone(database: Database, rule: str) -> None:
    database.execute("CREATE TABLE fine (word text PRIMARY KEY)")
    database.execute("INSERT INTO fine SELECT 'w' || n FROM generate_series(0, 99) AS n")
    database.execute(f"CREATE TABLE t (n bigint, word text {rule if rule != 'trigger' else ''})")
    if rule == "UNIQUE":
        database.execute("INSERT INTO t VALUES (-1, 'bad')")
    if rule == "trigger":
        database.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN IF NEW.word = 'bad' THEN RAISE 'we take no bad words'; END IF; "
            "RETURN NEW; END$$;"
            "CREATE TRIGGER refusing BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    to, bad = flow("t", WORDS), [0, 1, 17, 60, 61, 62, 99]
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, words(bad, 50), words(bad, 100)[50:])
    assert skipped(outcome, to) == bad
    kept = [n for (n,) in database.rows("SELECT n FROM t WHERE n >= 0 ORDER BY n")]
    assert kept == [n for n in range(100) if n not in bad]


async def test_an_event_that_repeats_an_earlier_one_of_its_batch_is_skipped(
    database: Database,
) -> None:
    database.execute("CREATE TABLE t (n bigint, word text UNIQUE)")
    to = flow("t", WORDS)
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, words([3, 4, 9], 12))
    assert skipped(outcome, to) == [4, 9]
    assert database.value("SELECT n FROM t WHERE word = 'bad'") == 3


@pytest.mark.parametrize("kind", ["bigint", "numeric"])
async def test_the_last_accepted_event_of_a_key_wins(database: Database, kind: str) -> None:
    """Whether Eventer or the server compares the keys."""
    database.execute(f"CREATE TABLE t (n {kind} PRIMARY KEY, word text CHECK (word <> 'bad'))")
    to = flow("t", WORDS, key=("n",))
    events: list[JsonValue] = [
        {"n": n % 3, "word": "bad" if n in (4, 6, 7, 8) else f"event {n}"} for n in range(9)
    ]
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, events[:5], events[5:])
    assert skipped(outcome, to) == [4, 6, 7, 8]
    rows = [(0, "event 3"), (1, "event 1"), (2, "event 5")]
    assert database.rows("SELECT n::int, word FROM t ORDER BY n") == rows


async def test_errors_name_event_column_and_the_statement_that_helps(database: Database) -> None:
    """Of the first ones; those after have the message of the server."""
    database.execute("CREATE TABLE t (n bigint, word uuid)")
    to = flow("t", WORDS)
    fine = "00000000-0000-0000-0000-000000000000"
    events = [{"n": n, "word": "no uuid" if n % 2 else fine} for n in range(40)]
    async with Writer(database.dsn) as writer:
        errors = (await skip(writer, to, events)).skipped[to.key]
    assert [error.index for error in errors] == list(range(1, 40, 2))
    assert 'for column "word" of "public"."t", which is uuid' in errors[0].message
    assert errors[0].message.startswith("event 1: invalid input syntax")
    assert str(errors[0].hint).startswith('ALTER TABLE "public"."t" ALTER COLUMN "word" TYPE text')
    assert "rejects event 39: invalid input syntax" in errors[-1].message


async def test_values_that_fit_no_column_and_rows_that_the_server_rejects(
    database: Database,
) -> None:
    """Eventer finds the former, the server the latter; all are in order."""
    database.execute("CREATE TABLE t (n smallint NOT NULL, word text CHECK (word <> 'bad'))")
    to = flow("t", WORDS)
    events: list[JsonValue] = [*words([2, 5], 6), "text", {"n": 1 << 20, "word": "large"}]
    events += [{"n": 8, "word": "\0"}, {"word": "without n"}, {"n": 1 << 80, "word": "huge"}]
    events += [{"n": 11, "word": 5}, {"n": 12, "word": "fine"}, {"n": 1 << 80, "word": "bad"}]
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, events)
        assert skipped(outcome, to) == [2, 5, 6, 7, 8, 9, 10, 11, 13]
        position = outcome.committed[to.key]
        assert (position.next, position.skipped) == (14, 9)
    assert [n for (n,) in database.rows("SELECT n FROM t ORDER BY n")] == [0, 1, 3, 4, 12]


async def test_a_hostile_column_name(database: Database) -> None:
    """Names of variables of the block, and the end of its text."""
    names = ["eventer_first", "n", "flow", "c0", "$eventer$", "' OR 1"]
    columns = ", ".join(f'"{name}" bigint CHECK ("{name}" < 5)' for name in names)
    database.execute(f'CREATE TABLE t ({columns}, PRIMARY KEY (eventer_first, n, "$eventer$"))')
    to = flow("t", shape(**dict.fromkeys(names, "bigint")))
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, [dict.fromkeys(names, n) for n in range(10)])
    assert skipped(outcome, to) == [5, 6, 7, 8, 9]
    assert database.value("SELECT count(*) FROM t") == 5


async def test_a_deferred_constraint_is_checked_for_each_row(database: Database) -> None:
    database.execute("CREATE TABLE parent (id bigint PRIMARY KEY)")
    database.execute("INSERT INTO parent VALUES (1)")
    database.execute("CREATE TABLE t (a bigint REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    to = flow("t", shape(a="bigint"))
    async with Writer(database.dsn) as writer:
        outcome = await skip(writer, to, [{"a": a} for a in (1, 2, 1, 1, 3)])
    assert skipped(outcome, to) == [1, 4]
    assert database.rows("SELECT a FROM t") == [(1,), (1,), (1,)]


async def test_the_hint_of_a_missing_reference_is_to_wait_for_it(database: Database) -> None:
    database.execute("CREATE TABLE parent (id bigint PRIMARY KEY)")
    database.execute("CREATE TABLE t (a bigint REFERENCES parent)")
    to = flow("t", shape(a="bigint"))
    async with Writer(database.dsn) as writer:
        outcome = await writer.send(to, [{"a": 1}])
    error = outcome.rejected[to.key]
    assert 'Key (a)=(1) is not present in table "parent"' in error.message
    assert '"on_error": "retry"' in str(error.hint)


@pytest.mark.parametrize("right", ["INSERT ON t", "INSERT ON log", "TEMPORARY ON DATABASE {}"])
async def test_an_error_of_the_whole_table_skips_nothing(database: Database, right: str) -> None:
    """A missing right, whether it is noticed before or while the rejected rows are found."""
    database.execute(
        "CREATE TABLE t (n bigint, word text CHECK (word <> 'bad')); CREATE TABLE log (n bigint);"
        "CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO log VALUES (NEW.n); RETURN NEW; END$$;"
        "CREATE TRIGGER logging BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION logged()"
    )
    to, right = flow("t", WORDS), right.format(database.value("SELECT current_database()"))
    async with Writer(database.dsn) as writer:
        if "TEMP" not in right:
            assert skipped(await skip(writer, to, words([1], 3)), to) == [1]
        before = database.value("SELECT count(*) FROM t")
        database.execute(f"REVOKE {right} FROM PUBLIC, eventer")
        outcome = await skip(writer, to, words([1], 3))
        error = outcome.rejected[to.key]
        assert isinstance(error, DestinationRejectedError)
        assert error.index is None
        assert outcome.skipped == {}
        assert error.hint is None or error.hint.startswith("GRANT ")
    assert database.value("SELECT count(*) FROM t") == before


async def test_a_table_that_was_altered_skips_nothing_that_it_accepts_now(
    database: Database,
) -> None:
    database.execute("CREATE TABLE t (n smallint, word text)")
    to = flow("t", WORDS)
    async with Writer(database.dsn) as writer:
        assert skipped(await skip(writer, to, [{"n": 1 << 20, "word": "a"}]), to) == [0]
        database.execute("ALTER TABLE t ALTER COLUMN n TYPE bigint")
        outcome = await skip(writer, to, [{"n": 1 << 20, "word": "b"}])
        assert outcome.skipped == {}
    assert database.rows("SELECT n, word FROM t") == [(1 << 20, "b")]


@pytest.mark.parametrize("step", ["load_rows", "PositionWriter.write"])
async def test_a_session_that_is_lost_meanwhile_commits_nothing_of_them(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The next owner reads the position before, and delivers each event once."""
    database.execute("CREATE TABLE t (n bigint, word text CHECK (word <> 'bad'))")
    to = flow("t", WORDS)
    async with Writer(database.dsn) as writer:
        await skip(writer, to, words([], 5))

        async def lost(*_: object, **__: object) -> None:
            terminate_all(database)
            raise ConnectionResetError("gone")

        with monkeypatch.context() as patch:
            patch.setattr(f"eventer.destinations.postgres.shard_owner.{step}", lost)
            with pytest.raises(DestinationUnavailableError):
                await skip(writer, to, words([1, 3], 5))
    async with Writer(database.dsn) as writer:
        (position,) = (await writer.connection.positions([to.key])).values()
        assert (position.next, position.skipped) == (5, 0)
        writer._next[to.key] = position.next
        assert skipped(await skip(writer, to, words([1, 3], 5)), to) == [6, 8]
    assert database.value("SELECT count(*) FROM t") == 8


class _DeepFields:
    """Rows of one JSON field; the odd ones are nested more deeply than the server accepts."""

    def column(self, pointer: str, kind: ColumnType) -> pa.Array:
        assert (pointer, kind) == ("/deep", ColumnType.JSONB)
        texts = ["[" * depth + "]" * depth for depth in (1, 50_000) * 3]
        return pa.array(texts, pa.large_string())

    def names(self) -> frozenset[str]:
        return frozenset({"deep"})

    def cut(self, start: int, stop: int) -> "_DeepFields":
        raise NotImplementedError


@pytest.mark.parametrize("skips", [False, True])
async def test_rows_that_the_staging_table_rejects(database: Database, *, skips: bool) -> None:
    to = flow("t", shape(deep="jsonb"))
    batch = replace(batch_of(0, [{}] * 6), fields=_DeepFields())
    async with Writer(database.dsn) as writer:
        delivery = replace(writer.delivery(to), batches=(batch,), skip_rejected=skips)
        outcome = await writer.connection.deliver([delivery])
    if skips:
        assert skipped(outcome, to) == [1, 3, 5]
        assert np.all(database.value("SELECT count(*) FROM t") == 3)
    else:
        assert getattr(outcome.rejected[to.key], "index", None) == 1
