"""A destination of another package passes the published conformance tests."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from eventer_sqlite.connection import SqliteConnection
from eventer_sqlite.target import SqliteTarget

from eventer.core.model import Guarantee, JsonValue, Target
from eventer.testing.destination_conformance import DestinationConformance
from eventer.testing.destination_scenario import event


class SqliteHarness:
    guarantee: Guarantee = "exactly-once"
    rolls_back = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def connection(self, cluster: int, shard: int = 0) -> SqliteConnection:
        return SqliteConnection(self.path, 200, f"{cluster}/{shard}")

    def unreachable(self) -> SqliteConnection:
        return SqliteConnection(self.path / "nowhere", 200, "shard")

    def target(self, name: str) -> Target:
        return SqliteTarget(name, "sqlite")

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        return self.target(name), event(0) | {"word": "x" * 200}

    def steered(self, name: str) -> Target:
        raise NotImplementedError

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        raise NotImplementedError

    async def drop(self, target: Target) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            database.execute(f'drop table "{target.location}"')

    async def read(self, target: Target) -> Sequence[JsonValue]:
        query = f'select event from "{target.location}" order by number'
        with closing(sqlite3.connect(self.path)) as database:
            return [json.loads(text) for (text,) in database.execute(query)]


class TestSqlite(DestinationConformance):
    # Rows are only added: the targets have no operations.
    test_the_last_operation_of_each_key_wins = None
    test_small_deliveries_with_operations_share_a_target = None
    test_a_deletion_needs_the_key_only = None
    test_an_unknown_operation_is_rejected = None

    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqliteHarness:
        return SqliteHarness(tmp_path / "events.db")
