"""The MySQL harness of the conformance tests: reads and changes rows without Eventer's code."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pymysql
from pymysql.cursors import DictCursor

from eventer.core.model import Guarantee, JsonValue, Target
from eventer.destinations.mysql.audit import MysqlTargetAuditor
from eventer.destinations.mysql.connection import MysqlConnection
from eventer.destinations.mysql.settings import MysqlSettings
from eventer.destinations.mysql.target import MysqlTarget
from eventer.testing.audit_conformance import EventIdentity
from eventer.testing.destination_scenario import event
from tests.ports import free_port


class MysqlHarness:
    guarantee: Guarantee = "exactly-once"
    rolls_back = True

    def __init__(self, dsn: str, key: tuple[str, ...] | None = None, *, checked: bool = False):
        """With `checked`, the server rejects events instead of Eventer."""
        self.settings = MysqlSettings(dsn)
        self.key = key
        self.checked = checked
        self.event_identity = EventIdentity.BY_LOCATION if key else EventIdentity.BY_CONTENT

    def connection(self, cluster: int, shard: int = 0) -> MysqlConnection:
        return MysqlConnection(self.settings, cluster=cluster, shard=shard)

    def target_auditor(self, cluster: int, shard: int = 0) -> MysqlTargetAuditor:
        del cluster, shard
        return MysqlTargetAuditor(self.settings)

    def unreachable(self) -> MysqlConnection:
        settings = MysqlSettings(f"mysql://eventer@127.0.0.1:{free_port()}/none", connect_timeout=5)
        return MysqlConnection(settings, cluster=1, shard=0)

    def target(self, name: str) -> Target:
        return MysqlTarget(name, key=self.key)

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        if not self.checked:
            return self.target(name), event(0) | {"word": 5}
        key = f", PRIMARY KEY ({', '.join(self.key)})" if self.key else ""
        self.execute(
            f"CREATE TABLE {name} (n BIGINT, word LONGTEXT, CHECK (word <> 'bad'){key}) "
            "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        )
        return self.target(name), event(0) | {"word": "bad"}

    def steered(self, name: str) -> Target:
        return MysqlTarget(name, key=("n",), value="row", omit=("secret",), op="op")

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        return await self.read(target)

    async def drop(self, target: Target) -> None:
        self.execute(f"DROP TABLE {target.location}")

    async def read(self, target: Target) -> Sequence[JsonValue]:
        tables = self.execute("SHOW TABLES LIKE %s", target.location)
        return list(self.execute(f"SELECT * FROM {target.location} ORDER BY n") if tables else ())

    async def lose(self, target: Target, n: int) -> None:
        self.execute(f"DELETE FROM {target.location} WHERE n = %s", n)

    async def alter(self, target: Target, n: int, word: str) -> None:
        self.execute(f"UPDATE {target.location} SET word = %s WHERE n = %s", word, n)

    async def add(self, target: Target, value: dict, like: int | None = None) -> None:
        del like
        self.execute(
            f"INSERT INTO {target.location} (n, word) VALUES (%s, %s)", value["n"], value["word"]
        )

    def execute(self, statement: str, *values: object) -> Sequence[dict]:
        with self.session() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    @contextmanager
    def session(self) -> Iterator[DictCursor]:
        parts = self.settings.parts
        client = pymysql.connect(
            host=parts.host,
            port=parts.port,
            user=parts.user,
            database=parts.database,
            autocommit=True,
            cursorclass=DictCursor,
        )
        try:
            with client.cursor() as cursor:
                yield cursor
        finally:
            client.close()
