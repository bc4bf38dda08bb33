"""Audits of tables: typed values, the last event of each key, multisets of rows."""

import pytest

from eventer.core.model import PostgresTarget
from eventer.destinations.audit import Flaw
from eventer.destinations.base import Delivery
from eventer.destinations.postgres.audit import PostgresTargetAuditor
from eventer.testing.audit_conformance import AuditConformance, EventIdentity
from eventer.testing.batches import RecordedEvents, batch_of
from tests.integration.postgres.harness import PostgresHarness, Writer, flow, patient, shape


class _Harness(PostgresHarness):
    def __init__(self, database, key):
        super().__init__(database)
        self.key = key
        self.event_identity = EventIdentity.BY_LOCATION if key else EventIdentity.BY_CONTENT

    def target_auditor(self, cluster, shard=0):
        return PostgresTargetAuditor(patient(self.database.dsn))

    def target(self, name):
        if not self.key:
            return PostgresTarget(name)
        return PostgresTarget(name, key=self.key)

    def rejecting(self, name):
        target, bad = super().rejecting(name)
        if not self.key:
            return target, bad
        self.database.execute(f'ALTER TABLE "{name}" ADD PRIMARY KEY (n)')
        return PostgresTarget(name, key=self.key), bad

    async def lose(self, target, n):
        self.database.execute(f'DELETE FROM "{target.table}" WHERE n = {n}')

    async def alter(self, target, n, word):
        self.database.execute(f"UPDATE \"{target.table}\" SET word = '{word}' WHERE n = {n}")

    async def add(self, target, value, like=None):
        word = value["word"].replace("'", "''")
        self.database.execute(f"INSERT INTO \"{target.table}\" VALUES ({value['n']}, '{word}')")


@pytest.mark.postgres
class TestAppended(AuditConformance):
    @pytest.fixture
    def harness(self, database):
        return _Harness(database, None)


@pytest.mark.postgres
class TestUpserted(AuditConformance):
    # A table has one row per key.
    test_a_repeated_event_is_a_duplicate = None

    @pytest.fixture
    def harness(self, database):
        return _Harness(database, ("n",))


async def verify(database, writer, to, *others, listed=100):
    looking = PostgresTargetAuditor(patient(database.dsn))
    try:
        await looking.open(to, others)
        return await looking.audit(RecordedEvents(writer.sent), listed)
    finally:
        await looking.close()


class RecordingWriter(Writer):
    """A writer that records delivered batches."""

    def __init__(self, dsn):
        super().__init__(dsn)
        self.sent = {}

    async def send(self, to, *batches):
        delivery = self.delivery(to, *batches)
        outcome = await super().send(to, *batches)
        self.sent.setdefault(to.key, []).extend(delivery.batches)
        return outcome


EVERYTHING = shape(
    id="bigint", d="double", b="boolean", t="text", at="timestamptz", j="jsonb", more="jsonb"
)


def everything(n):
    return {
        "id": n % 7,
        "d": n / 3 if n % 5 else -0.0,
        "b": n % 2 == 0,
        "t": None if n % 11 == 0 else f"é{n}",
        "at": f"2024-01-01T00:00:{n % 60:02}.25+02:00",
        "j": {"b": [n, 1e21, 0.1], "aa": None, "a": n},
        **({"more": n} if n % 3 else {}),
    }


@pytest.mark.postgres
@pytest.mark.parametrize("key", [None, ("id",)])
async def test_every_type_is_compared_as_the_table_stores_it(database, key):
    to = flow("all_types" if key else "all_rows", EVERYTHING, key=key)
    database.execute(
        "CREATE TABLE all_rows (id int, d numeric(20,4), b text, t varchar(20), at timestamp, "
        "j json, more jsonb)"
    )
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [everything(n) for n in range(60)])
        await writer.send(to, [everything(n) for n in range(60, 100)])
        report = await verify(database, writer, to)
        assert report.clean(), report
        assert report.checked == 100
        database.execute(f"UPDATE {to.target.table} SET j = '{{\"a\": 0}}' WHERE t = 'é98'")
        report = await verify(database, writer, to)
        assert not report.clean()
        assert {f.index for f in report.findings} >= {98}


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["text", "double precision", "numeric", "smallint"])
@pytest.mark.parametrize("key", [None, ("id",)])
async def test_a_column_that_was_retyped_is_reported(database, key, kind):
    """Its values are equal, but they are not what was delivered. Others are not affected."""
    to = flow("t", shape(id="bigint", v="bigint"), key=key)
    other = flow("t", shape(id="bigint"), key=key, generator=2)
    database.execute(f"CREATE TABLE t (id bigint {'PRIMARY KEY' if key else ''}, v bigint)")
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": n, "v": n} for n in range(10)])
        await writer.send(other, [{"id": n} for n in range(100, 105)])
        assert (await verify(database, writer, to, other)).clean()
        database.execute(f"ALTER TABLE t ALTER COLUMN v TYPE {kind}")
        await writer.send(to, [{"id": n, "v": n} for n in range(10, 12)])
        report = await verify(database, writer, to, other)
        assert not report.clean()
        assert report.totals[Flaw.CHANGED if key else Flaw.MISSING] == 12
        assert (
            f'column "v" was bigint when the first events were delivered, and is {kind} now'
            in report.notes
        )
        assert (await verify(database, writer, other, to)).clean()
        database.execute("ALTER TABLE t ALTER COLUMN v TYPE bigint USING v::bigint")
        assert (await verify(database, writer, to, other)).clean()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statements",
    [
        "DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v varchar(3))",
        "ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v varchar(3)",
        "ALTER TABLE t ALTER COLUMN v TYPE varchar(9)",
    ],
)
async def test_a_new_column_or_a_longer_text_is_not_a_retyped_one(database, statements):
    to = flow("t", shape(id="bigint", v="text"), key=("id",))
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, v varchar(5))")
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": n, "v": f"a{n}"} for n in range(3)])
        database.execute(statements)
        await writer.send(to, [{"id": n % 3, "v": f"b{n}"} for n in range(3)])
        report = await verify(database, writer, to)
        assert report.clean(), report


@pytest.mark.postgres
async def test_positions_of_an_earlier_version_without_types_of_columns(database):
    """They stay usable by a role that may not add a table; nothing is known about types then."""
    to = flow("t", shape(id="bigint"), key=("id",))
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": 1}])
    database.execute(
        "DROP TABLE eventer.column_types; REVOKE CREATE ON SCHEMA eventer FROM eventer"
    )
    other = flow("t", shape(id="bigint"), key=("id",), generator=2)
    async with RecordingWriter(database.dsn) as writer:
        assert (await writer.send(other, [{"id": 2}])).rejected == {}
        assert (await verify(database, writer, other)).totals[Flaw.CHANGED] == 0
    database.execute("GRANT CREATE ON SCHEMA eventer TO eventer")
    async with RecordingWriter(database.dsn):
        assert database.value("SELECT count(*) FROM eventer.column_types") == 0


@pytest.mark.postgres
async def test_a_row_with_the_values_of_an_earlier_event_is_reordered(database):
    to = flow("stale", shape(id="bigint", v="bigint"), key=("id",))
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": n % 2, "v": n} for n in range(10)])
        database.execute("UPDATE stale SET v = 3 WHERE id = 1")
        report = await verify(database, writer, to)
    (finding,) = report.findings
    assert (finding.flaw, finding.index) == (Flaw.REORDERED, 9)
    assert finding.place["key"] == {"id": 1}
    assert "event 3" in finding.detail


@pytest.mark.postgres
async def test_keys_shared_by_generators_are_not_compared(database):
    of = shape(id="bigint", v="text")
    one, two = flow("both", of, key=("id",)), flow("both", of, key=("id",), generator=2)
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(one, [{"id": n, "v": "one"} for n in range(10)])
        await writer.send(two, [{"id": n, "v": "two"} for n in range(5, 15)])
        assert (await verify(database, writer, one, two)).clean()
        assert (await verify(database, writer, two, one)).clean()
        alone = await verify(database, writer, one)
        assert alone.totals[Flaw.CHANGED] == 5
        assert alone.totals[Flaw.FOREIGN] == 5


@pytest.mark.postgres
async def test_generators_with_different_columns_append_to_one_table(database):
    one = flow("mixed", shape(a="bigint", b="text"))
    two = flow("mixed", shape(b="text", c="jsonb"), generator=2)
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(one, [{"a": n, "b": "x"} for n in range(10)])
        await writer.send(two, [{"b": "x", "c": {"n": n}} for n in range(10)])
        for mine, other in ((one, two), (two, one)):
            report = await verify(database, writer, mine, other)
            assert report.clean(), report
            assert (report.checked, report.others) == (10, 10)


@pytest.mark.postgres
async def test_rows_rejected_by_a_constraint_are_not_reported_missing(database):
    database.execute("CREATE TABLE picky (n bigint CHECK (n <> 4))")
    to = flow("picky", shape(n="bigint"))
    values = [{"n": n} for n in range(10)]
    async with RecordingWriter(database.dsn) as writer:
        batch = batch_of(0, values, skipped=[4])
        await writer.connection.deliver([Delivery(to, (batch,))])
        writer.sent[to.key] = [batch_of(0, values)]
        report = await verify(database, writer, to)
        assert report.clean(), report
        assert "rejected" in report.notes[0]
        database.execute("DELETE FROM picky WHERE n = 7")
        report = await verify(database, writer, to)
        assert report.totals[Flaw.MISSING] == 2


@pytest.mark.postgres
async def test_all_events_of_a_dropped_table_are_missing(database):
    to = flow("dropped", shape(n="bigint"))
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"n": n} for n in range(150)])
        database.execute("DROP TABLE dropped")
        report = await verify(database, writer, to)
    assert report.totals[Flaw.MISSING] == 150
    assert len(report.findings) == 100


@pytest.mark.postgres
async def test_fields_unknown_to_the_shape_are_compared(database):
    to = flow("open", shape(id="bigint", is_open=True), key=("id",))
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": 1, "x": {"y": 1}}, {"id": 2, "z": "s"}])
        assert (await verify(database, writer, to)).clean()
        database.execute("UPDATE open SET z = NULL")
        (finding,) = (await verify(database, writer, to)).findings
        assert (finding.flaw, finding.index) == (Flaw.CHANGED, 1)


@pytest.mark.postgres
async def test_a_large_table_is_compared_in_several_passes(database, monkeypatch):
    monkeypatch.setattr("eventer.destinations.postgres.audit._ROWS_PER_PASS", 100)
    to = flow("large", shape(id="bigint", v="text"), key=("id",))
    async with RecordingWriter(database.dsn) as writer:
        await writer.send(to, [{"id": n, "v": str(n)} for n in range(450)])
        report = await verify(database, writer, to)
        assert report.clean(), report
        assert (report.checked, report.read) == (450, 450)
        database.execute("DELETE FROM large WHERE id IN (5, 300)")
        report = await verify(database, writer, to)
        assert {f.index for f in report.findings} == {5, 300}
        assert report.totals[Flaw.MISSING] == 2
