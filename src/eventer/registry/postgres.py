"""The registry of several services: a schema in PostgreSQL, and the lease of their leader.

Every service may read. Only the leader changes anything: each of its transactions checks its epoch
and locks the lease until it is committed, so no transaction of an earlier leader can follow.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import asyncpg

from eventer.core.errors import RegistryError, RestartRequiredError
from eventer.registry.base import (
    DEFAULT_SHARDS,
    Change,
    Cluster,
    GeneratorExistsError,
    GeneratorRecord,
    stream_key,
)
from eventer.registry.postgres_session import (
    SCHEMA,
    Connect,
    PostgresSession,
    RegistryUnreachableError,
    TextRow,
    Transaction,
)
from eventer.registry.record_rows import read_record, read_records
from eventer.registry.statements import QUERIES, migrations, named_queries, statements

MIGRATIONS: Final = migrations("postgres")
SHARED: Final = named_queries("postgres/queries.sql")
LEASE_SECONDS: Final = 6.0
"""The time after which the lease of a leader that does not renew it can be taken over."""
_CREATION_LOCK: Final = 0x6576_656E_7465_7201
"""The advisory lock of the transaction that creates or upgrades the schema."""
_OUTCOME_SECONDS: Final = 20.0
_RETRY_SECONDS: Final = 0.25


class LeaseLostError(RestartRequiredError):
    """Another service is the leader: this one must stop."""


class UnknownChangeError(RestartRequiredError):
    """It is not known whether changes were stored: this service must stop and read them again."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease: its epoch, the URL of its holder, and whether it is held at present."""

    epoch: int
    url: str
    is_held: bool


class PostgresRegistry:
    """A `Registry` in the schema `eventer_registry`. Create it with `open`.

    Only the holder of the lease may call `apply`.
    """

    def __init__(self, session: PostgresSession, cluster: Cluster) -> None:
        self._session = session
        self._cluster = cluster
        self._epoch: int | None = None
        self._lost: asyncio.Future[RestartRequiredError] = (
            asyncio.get_running_loop().create_future()
        )

    @classmethod
    async def open(cls, connect: Connect, *, shards: int = DEFAULT_SHARDS) -> Self:
        """Opens the registry; creates or upgrades its schema.

        Raises:
            RegistryError: the database is not available, a right is missing, or a newer version of
                Eventer created the schema.
        """
        session = PostgresSession(connect)
        try:
            async with session.transaction() as transaction:
                await _upgrade(transaction)
                values = {"id": str(secrets.randbits(64)), "shards": shards}
                await transaction.rows(QUERIES["create_cluster"], values)
                row = (await transaction.rows(QUERIES["read_cluster"]))[0]
        except BaseException:
            await session.close()
            raise
        return cls(session, Cluster(int(row["id"]), row["shards"]))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def cluster(self) -> Cluster:
        """The id and the number of shards, chosen when the registry was created."""
        return self._cluster

    @property
    def shared_files(self) -> PostgresFiles:
        """The files of rows that generators read."""
        return PostgresFiles(self)

    async def read_rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[TextRow]:
        """The rows of a statement that changes nothing."""
        async with self._session.transaction() as transaction:
            return await transaction.rows(sql, values)

    # -- the lease ------------------------------------------------------------------------------

    async def acquire(self, url: str) -> bool:
        """Makes this service the leader, reachable at `url`, if no other one holds the lease."""
        values = {"url": url, "seconds": LEASE_SECONDS}
        async with self._session.transaction() as transaction:
            rows = await transaction.rows(SHARED["acquire_lease"], values)
        if rows:
            self._epoch = rows[0]["epoch"]
        return bool(rows)

    async def renew(self) -> None:
        """Extends the lease.

        Raises:
            LeaseLostError: another service has taken it over.
        """
        async with self._session.transaction() as transaction:
            if not await transaction.rows(SHARED["renew_lease"], {"epoch": self._epoch}):
                raise self._lease_lost()

    async def wait_until_lost(self, seconds: float) -> RestartRequiredError | None:
        """Waits until a change has found that this service must stop; None after `seconds`."""
        await asyncio.wait([self._lost], timeout=seconds)
        return self._lost.result() if self._lost.done() else None

    def _lease_lost(self) -> RestartRequiredError:
        return self._stopped(
            LeaseLostError(
                "another service has become the leader of this registry",
                hint="start this service again: it then stands by",
            )
        )

    def _stopped(self, error: RestartRequiredError) -> RestartRequiredError:
        if not self._lost.done():
            self._lost.set_result(error)
        return error

    async def lease(self) -> Lease:
        """The present lease."""
        async with self._session.transaction() as transaction:
            row = (await transaction.rows(SHARED["read_lease"], {"seconds": LEASE_SECONDS}))[0]
        return Lease(row["epoch"], row["url"], row["is_held"])

    # -- the generators ---------------------------------------------------------------------------

    async def apply(self, changes: Sequence[Change]) -> None:
        """See `Registry.apply`.

        Raises:
            LeaseLostError: another service is the leader now; nothing changed.
            UnknownChangeError: the database did not say whether it committed, and is gone since.
        """
        operation = secrets.token_hex(16)
        try:
            await self._apply(changes, operation)
        except RegistryUnreachableError as error:
            if not (error.is_unknown and await self._has_committed(operation, error)):
                raise

    async def _apply(self, changes: Sequence[Change], operation: str) -> None:
        try:
            async with self.leading(operation) as transaction:
                for change in changes:
                    await _run(transaction, change)
        except asyncpg.UniqueViolationError as error:
            raise GeneratorExistsError(
                "a generator with this id or this name exists already"
            ) from error

    @asynccontextmanager
    async def leading(self, operation: str = "") -> AsyncIterator[Transaction]:
        """A transaction of the leader.

        Raises:
            LeaseLostError: another service is the leader now; nothing changed.
            RegistryUnreachableError: the session failed.
        """
        values = {"epoch": self._epoch, "operation": operation}
        async with self._session.transaction() as transaction:
            if not await transaction.rows(SHARED["begin_operation"], values):
                raise self._lease_lost()
            yield transaction

    async def _has_committed(self, operation: str, error: RegistryUnreachableError) -> bool:
        """Whether a transaction whose session was lost has been committed."""
        deadline = time.monotonic() + _OUTCOME_SECONDS
        while True:
            try:
                async with self._session.transaction() as transaction:
                    values = {"seconds": LEASE_SECONDS}
                    row = (await transaction.rows(SHARED["read_lease"], values))[0]
            except RegistryUnreachableError:
                if time.monotonic() > deadline:
                    raise self._stopped(_unknown_change()) from error
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                if row["epoch"] != self._epoch:
                    raise self._lease_lost() from error
                return bool(row["operation"] == operation)

    async def get(self, ids: Collection[int]) -> Mapping[int, GeneratorRecord]:
        """The existing generators among these ids, by id."""
        async with self._session.transaction() as transaction:
            found = [
                row
                for id_ in ids
                for row in await transaction.rows(QUERIES["read_generator"], {"id": str(id_)})
            ]
            records = [await _record(transaction, row) for row in found]
        return {record.id: record for record in records}

    async def all(self) -> tuple[GeneratorRecord, ...]:
        """Every generator, oldest first."""
        async with self._session.transaction() as transaction:
            parts = [
                await transaction.rows(QUERIES[name])
                for name in (
                    "read_generators",
                    "read_all_segments",
                    "read_all_fingerprints",
                    "read_all_bindings",
                )
            ]
        return read_records(*parts)

    async def find_seed(self, stream: str | None, digest: str) -> int | None:
        """The seed of the oldest generator of this stream and template."""
        values = {"stream_key": stream_key(stream, digest), "digest": digest}
        async with self._session.transaction() as transaction:
            rows = await transaction.rows(QUERIES["find_seed"], values)
        return int(rows[0]["seed"]) if rows else None

    async def check(self) -> None:
        """Checks that the database answers and that this service may write."""
        await self.renew()

    async def close(self) -> None:
        """Gives the lease back and ends the session. Further calls do nothing."""
        if self._epoch is not None:
            epoch, self._epoch = self._epoch, None
            try:
                async with self._session.transaction() as transaction:
                    await transaction.rows(SHARED["release_lease"], {"epoch": epoch})
            except RegistryUnreachableError:
                pass  # it expires
        await self._session.close()


@dataclass(frozen=True, slots=True)
class PostgresFiles:
    """See `SharedFiles`. Only the leader changes them."""

    registry: PostgresRegistry

    async def keep(self, digest: str, content: bytes) -> None:
        """See `SharedFiles.keep`."""
        async with self.registry.leading() as transaction:
            await transaction.rows(SHARED["keep_row_file"], {"digest": digest, "content": content})

    async def read(self, digest: str) -> bytes | None:
        """See `SharedFiles.read`."""
        rows = await self.registry.read_rows(SHARED["read_row_file"], {"digest": digest})
        return rows[0]["content"] if rows else None

    async def remove_others(self, used: Collection[str]) -> None:
        """See `SharedFiles.remove_others`."""
        async with self.registry.leading() as transaction:
            await transaction.rows(SHARED["remove_row_files"], {"used": [*used]})


def _unknown_change() -> UnknownChangeError:
    return UnknownChangeError(
        "it is not known whether the registry stored a change, because its database has not "
        f"answered for {_OUTCOME_SECONDS:g} s",
        hint="start this service again: it then reads what was stored",
    )


async def _run(transaction: Transaction, change: Change) -> None:
    for name, values in statements(change):
        rows = await transaction.rows(QUERIES[name], values)
        if name == "is_current" and not rows:
            return


async def _record(transaction: Transaction, row: TextRow) -> GeneratorRecord:
    key = {"id": row["id"]}
    return read_record(
        row,
        await transaction.rows(QUERIES["read_segments"], key),
        await transaction.rows(QUERIES["read_fingerprints"], key),
        await transaction.rows(QUERIES["read_bindings"], key),
    )


async def _upgrade(transaction: Transaction) -> None:
    """Creates the schema, or upgrades it; one service does it, others wait."""
    await transaction.run_script(f"SELECT pg_advisory_xact_lock({_CREATION_LOCK})")
    await transaction.run_script(
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; "
        f"CREATE TABLE IF NOT EXISTS {SCHEMA}.version (number BIGINT NOT NULL)"
    )
    rows = await transaction.rows("SELECT number FROM version")
    version = rows[0]["number"] if rows else 0
    if version > len(MIGRATIONS):
        raise RegistryError(
            "the registry was created by a newer version of Eventer",
            hint="upgrade Eventer, or set EVENTER_REGISTRY to another database",
        )
    for script in MIGRATIONS[version:]:
        await transaction.run_script(script)
    if version < len(MIGRATIONS):
        await transaction.run_script("DELETE FROM version")
        await transaction.rows("INSERT INTO version VALUES (:number)", {"number": len(MIGRATIONS)})
