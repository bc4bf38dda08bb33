"""The SQLite registry: the conformance tests, and tests of the file."""

import asyncio
import os
import sqlite3
import stat

import pytest

from eventer.core.errors import RegistryError
from eventer.core.model import OnNull, Segment, Stream
from eventer.core.pace import ticks
from eventer.registry.base import Add, BeginSegment, GeneratorExistsError
from eventer.registry.record_rows import record_values
from eventer.registry.sqlite import MIGRATIONS, SqliteRegistry
from eventer.testing.registry_conformance import RegistryConformance, sample_record, sample_spec


class TestSqlite(RegistryConformance):
    async def open(self, folder, *, shards=2):
        return await SqliteRegistry.open(folder / "registry.sqlite", shards=shards)


async def test_a_second_process_is_rejected_with_the_id_of_the_first(tmp_path):
    path = tmp_path / "registry.sqlite"
    async with await SqliteRegistry.open(path):
        with pytest.raises(RegistryError, match=f"in use by another process .id {os.getpid()}"):
            await SqliteRegistry.open(path)
    await (await SqliteRegistry.open(path)).close()


async def test_a_newer_schema_is_rejected_and_not_changed(tmp_path):
    path = tmp_path / "registry.sqlite"
    await (await SqliteRegistry.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RegistryError, match="newer version"):
        await SqliteRegistry.open(path)


async def test_a_generator_of_an_earlier_version_keeps_its_times_and_emits_null(tmp_path):
    path = tmp_path / "registry.sqlite"
    record = sample_record(7)
    values = record_values(record)
    with sqlite3.connect(path) as connection:
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        connection.execute("INSERT INTO incarnation VALUES ('7', 1)")
        known = {column[1] for column in connection.execute("PRAGMA table_info(generator)")}
        old = {name: value for name, value in values.items() if name in known} | {"incarnation": 1}
        connection.execute(
            f"INSERT INTO generator ({', '.join(old)}) VALUES (:{', :'.join(old)})", old
        )
        for row in [(1 << 60, 0, 10, 10_000_000_000), (1 << 61, 40, 1, 1)]:
            connection.execute(
                "INSERT INTO segment (generator, t0, n0, count, interval) VALUES (7, ?, ?, ?, ?)",
                row,
            )
    connection.close()
    async with await SqliteRegistry.open(path) as registry:
        stored = (await registry.get([7]))[7]
        assert stored.name == "other:boo"
        assert (stored.spec.on_null, stored.position.dropped) == (OnNull.EMIT, 0)
        assert stored.spec.faults == ()
        found = stored.segments
        assert found == (record.segments[0], Segment(1 << 61, 40, ticks(1, 1)))
        await registry.apply([BeginSegment(7, 1, Segment(5, 50, ticks(2, 3), 4, 1 << 63), 10)])
        assert (await registry.get([7]))[7].segments[2] == Segment(5, 50, ticks(2, 3), 4, 1 << 63)


async def test_a_file_that_is_not_a_database_is_reported_clearly(tmp_path):
    path = tmp_path / "registry.sqlite"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
    with pytest.raises(RegistryError, match="not a database"):
        await SqliteRegistry.open(path)


async def test_only_the_owner_can_access_the_file_and_its_folder(tmp_path):
    path = tmp_path / "deep" / "er" / "registry.sqlite"
    async with await SqliteRegistry.open(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_every_commit_is_synced(tmp_path):
    registry = await SqliteRegistry.open(tmp_path / "registry.sqlite")
    connection = registry._store._connection
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    await registry.close()
    await registry.close()


async def test_a_failing_change_leaves_the_connection_usable(tmp_path):
    async with await SqliteRegistry.open(tmp_path / "registry.sqlite") as registry:
        bad = sample_record(1, spec=sample_spec(stream=Stream(1, "lone \ud800")))
        with pytest.raises(UnicodeEncodeError):
            await registry.apply([Add(sample_record(2)), Add(bad)])
        assert await registry.all() == ()
        await registry.apply([Add(sample_record(2))])


async def test_concurrent_calls_run_in_order(tmp_path):
    async with await SqliteRegistry.open(tmp_path / "registry.sqlite") as registry:
        adds = [registry.apply([Add(sample_record(i % 5))]) for i in range(20)]
        results = await asyncio.gather(*adds, return_exceptions=True)
        assert sum(isinstance(result, GeneratorExistsError) for result in results) == 15
        assert {record.id for record in await registry.all()} == set(range(5))


async def test_a_full_disk_is_a_failed_check(tmp_path, monkeypatch):
    async with await SqliteRegistry.open(tmp_path / "registry.sqlite") as registry:
        await registry.check()
        full = os.statvfs_result((4096, 4096, 100_000, 255, 255, 0, 0, 0, 0, 255))
        monkeypatch.setattr("eventer.registry.sqlite.os.statvfs", lambda _: full)
        with pytest.raises(RegistryError, match="less than 1 MiB is free"):
            await registry.check()
