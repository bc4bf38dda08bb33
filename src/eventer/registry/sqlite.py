"""The registry of a single service: one SQLite file (WAL, every commit synced to disk).

One thread runs all statements in order, so the event loop never waits for the disk. The file is
locked while it is open: two services on one registry would fence each other.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Self, TypeVar

from eventer.core.errors import RegistryError
from eventer.core.generator_name import UniqueNames, derived_name
from eventer.core.network_errors import network_error_text
from eventer.registry.base import (
    DEFAULT_SHARDS,
    Change,
    Cluster,
    GeneratorExistsError,
    GeneratorRecord,
    stream_key,
)
from eventer.registry.codec import read_target
from eventer.registry.record_rows import read_record, read_records
from eventer.registry.statements import QUERIES, migrations, statements

_T = TypeVar("_T")
REGISTRY_FILE_NAME = "registry.sqlite"
MIGRATIONS: Final = migrations("sqlite")
_SPARE_BYTES = 1 << 20
"""Free space that a registry needs: as much as the largest request."""


class SqliteRegistry:
    """A `Registry` in one file. Create it with `open`."""

    def __init__(self, store: _Store, executor: ThreadPoolExecutor, cluster: Cluster) -> None:
        self._store = store
        self._executor = executor
        self._cluster = cluster

    @classmethod
    async def open(cls, path: Path, *, shards: int = DEFAULT_SHARDS) -> Self:
        """Opens the file. Creates it and its directory, private to the owner, if it does not exist.

        Raises:
            RegistryError: the file cannot be opened, another process uses it, or a newer version of
                Eventer created it.
        """
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="eventer-registry")
        try:
            store = await _run(executor, lambda: _Store(path))
            cluster = await _run(executor, lambda: store.cluster(shards))
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(store, executor, cluster)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def cluster(self) -> Cluster:
        """The id and the number of shards, chosen when the registry was created."""
        return self._cluster

    @property
    def shared_files(self) -> None:
        """There are none: the only service has them in its data directory."""
        return

    async def apply(self, changes: Sequence[Change]) -> None:
        """Applies all changes in order, or none; synced to disk when it returns."""
        await _run(self._executor, lambda: self._store.apply(changes))

    async def get(self, ids: Collection[int]) -> Mapping[int, GeneratorRecord]:
        """The existing generators among these ids, by id."""
        return await _run(self._executor, lambda: self._store.get(ids))

    async def all(self) -> tuple[GeneratorRecord, ...]:
        """Every generator, oldest first."""
        return await _run(self._executor, self._store.all)

    async def find_seed(self, stream: str | None, digest: str) -> int | None:
        """The seed of the oldest generator of this stream and template."""
        values = {"stream_key": stream_key(stream, digest), "digest": digest}
        rows = await _run(self._executor, lambda: self._store.rows("find_seed", values))
        return int(rows[0]["seed"]) if rows else None

    async def check(self) -> None:
        """Checks that the file can be written and that its disk has space for changes."""
        await _run(self._executor, self._store.check)

    async def close(self) -> None:
        """Closes the file after all pending calls. Further calls do nothing."""
        with suppress(RuntimeError):  # a closed registry has shut its executor down
            await _run(self._executor, self._store.close)
        self._executor.shutdown(wait=False)


async def _run(executor: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
    return await asyncio.get_running_loop().run_in_executor(executor, work)


class _Store:
    """The connection. Only the registry's thread uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _translate_errors(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(path)
            try:
                self._connection = _connect(path)
            except BaseException:
                self._lock.close()
                raise

    def cluster(self, shards: int) -> Cluster:
        values = {"id": str(secrets.randbits(64)), "shards": shards}
        with self._transaction():
            self._connection.execute(QUERIES["create_cluster"], values)
        row = self.rows("read_cluster")[0]
        return Cluster(int(row["id"]), row["shards"])

    def apply(self, changes: Sequence[Change]) -> None:
        with self._transaction():
            for change in changes:
                self._apply(change)

    def _apply(self, change: Change) -> None:
        for name, values in statements(change):
            if name == "is_current" and not self.rows(name, values):
                return
            try:
                self._connection.execute(QUERIES[name], values)
            except sqlite3.IntegrityError as error:
                if name not in ("add_generator", "set_name"):
                    raise
                message = f"generator {values['id']} or its name {values['name']!r} exists already"
                raise GeneratorExistsError(message) from error

    def get(self, ids: Collection[int]) -> dict[int, GeneratorRecord]:
        with self._transaction():
            found = (self.rows("read_generator", {"id": str(id_)}) for id_ in ids)
            records = [self._record(row) for rows in found for row in rows]
        return {record.id: record for record in records}

    def all(self) -> tuple[GeneratorRecord, ...]:
        with self._transaction():
            return read_records(
                self.rows("read_generators"),
                self.rows("read_all_segments"),
                self.rows("read_all_fingerprints"),
                self.rows("read_all_bindings"),
            )

    def check(self) -> None:
        with self._transaction():
            disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < _SPARE_BYTES:
            raise RegistryError(
                "less than 1 MiB is free on the disk of the registry", hint="free some space there"
            )

    def _record(self, row: sqlite3.Row) -> GeneratorRecord:
        key = {"id": row["id"]}
        return read_record(
            row,
            self.rows("read_segments", key),
            self.rows("read_fingerprints", key),
            self.rows("read_bindings", key),
        )

    def rows(self, query: str, values: Mapping[str, Any] | None = None) -> list[sqlite3.Row]:
        with _translate_errors():
            return self._connection.execute(QUERIES[query], values or {}).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translate_errors():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._commit()

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:  # such as a full disk: nothing was committed
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        with _translate_errors():
            self._connection.close()
        self._lock.close()


def _lock(path: Path) -> IO[str]:
    """Locks the registry until this process ends, also by a crash. The lock file stays."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "r+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        owner = file.read().strip() or "unknown"
        file.close()
        raise RegistryError(
            f"{path} is in use by another process (id {owner})",
            hint="stop that process, or set EVENTER_DATA_DIR to another directory",
        ) from error
    file.truncate()
    file.write(str(os.getpid()))
    file.flush()
    return file


@contextmanager
def locked_registry(path: Path) -> Iterator[None]:
    """Keeps every service from using a registry during the block.

    Raises:
        RegistryError: a service uses it.
    """
    with _translate_errors(path), _lock(path):
        yield


def _connect(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
        _name_generators(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Upgrades the schema, one transaction per migration."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise RegistryError(
            f"{path} was created by a newer version of Eventer",
            hint="upgrade Eventer, or set EVENTER_DATA_DIR to another directory",
        )
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _name_generators(connection: sqlite3.Connection) -> None:
    """Names the generators that versions without names stored, oldest first."""
    unnamed = connection.execute(QUERIES["read_unnamed"]).fetchall()
    if not unnamed:
        return
    names = UniqueNames({row["name"] for row in connection.execute(QUERIES["read_names"])})
    values = [
        {"id": row["id"], "name": names.unique(derived_name(read_target(row["target"])))}
        for row in unnamed
    ]
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(QUERIES["name_generator"], values)
    connection.execute("COMMIT")


@contextmanager
def _translate_errors(path: Path | None = None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        where = f" {path}" if path else ""
        reason = network_error_text(error) or error
        raise RegistryError(f"cannot read or write the registry{where}: {reason}") from error
