"""The SQLite destination of the tests passes the audit conformance tests."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest

from eventer.core.model import KafkaTarget
from eventer.testing.audit_conformance import AuditConformance, EventIdentity
from tests.sqlite_destination import SqliteConnector, open_store


class SqliteHarness:
    event_identity = EventIdentity.BY_LOCATION

    def __init__(self, folder):
        self.folder = folder

    def connection(self, cluster, shard=0):
        return SqliteConnector(self.folder).connect(cluster, shard)

    def target_auditor(self, cluster, shard=0):
        return SqliteConnector(self.folder).target_auditor(cluster, shard)

    def target(self, name):
        return KafkaTarget(name)

    def steered(self, name):
        return KafkaTarget(name, key="/row/n", value="row", omit=("secret",), op="op")

    def rejecting(self, name):
        return self.target(name), {"n": 0, "word": "poison"}

    def _change(self, statement, *arguments):
        with closing(open_store(self.folder)) as database:
            database.row_factory = sqlite3.Row
            assert database.execute(statement, arguments).rowcount == 1

    async def lose(self, target, n):
        self._change(f"delete from event where json_extract(text, '$.n') = {n}")

    async def alter(self, target, n, word):
        text = json.dumps({"n": n, "word": word})
        self._change(f"update event set text = ? where json_extract(text, '$.n') = {n}", text)

    async def add(self, target, value, like=None):
        self._change(
            "insert into event values (?, '', -1, 0, ?)",
            target.topic,
            json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        )


class TestSqlite(AuditConformance):
    @pytest.fixture
    def harness(self, tmp_path):
        return SqliteHarness(tmp_path)


def test_concurrent_first_connections_share_one_database(tmp_path):
    together = Barrier(4)

    def first_count(folder):
        together.wait()
        with closing(open_store(folder)) as database:
            return database.execute("select count(*) from event").fetchone()

    with ThreadPoolExecutor(4) as threads:
        for number in range(50):
            folder = tmp_path / str(number)
            folder.mkdir()
            assert list(threads.map(first_count, [folder] * 4)) == [(0,)] * 4
            assert all(path.is_file() for path in folder.iterdir())
