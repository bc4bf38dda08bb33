"""The testing destination keeps the promises that it is there to test others by."""

import json
import sqlite3
from contextlib import closing

import pytest

from eventer.core.model import KafkaTarget
from eventer.testing.readback_conformance import Order, ReadBackConformance
from eventer.testing.sqlite_destination import SqliteConnector, open_store


class SqliteHarness:
    order = Order.PLACES

    def __init__(self, folder):
        self.folder = folder

    def connection(self, cluster, shard=0):
        return SqliteConnector(self.folder).connect(cluster, shard)

    def read_back(self, cluster, shard=0):
        return SqliteConnector(self.folder).read_back(cluster, shard)

    def target(self, name):
        return KafkaTarget(name)

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


class TestSqlite(ReadBackConformance):
    @pytest.fixture
    def harness(self, tmp_path):
        return SqliteHarness(tmp_path)
