"""The registry in PostgreSQL: the conformance tests, and tests of the lease and of lost answers."""

import asyncio
from contextlib import ExitStack

import asyncpg
import pytest

from eventer.core.errors import RegistryError
from eventer.core.model import EventContext
from eventer.destinations.postgres.session import connect
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.registry import postgres as registry_module
from eventer.registry.base import Add, GeneratorExistsError, Remove
from eventer.registry.postgres import LeaseLostError, PostgresRegistry, UnknownChangeError
from eventer.registry.postgres_session import RegistryUnreachableError
from eventer.testing.registry_conformance import (
    RegistryConformance,
    sample_record,
    sample_spec,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.postgres
OTHER = "http://127.0.0.1:1"


def connector(dsn):
    return lambda: connect(PostgresSettings(dsn))


async def opened(dsn, *, shards=2):
    """A registry whose service is the leader."""
    registry = await PostgresRegistry.open(connector(dsn), shards=shards)
    assert await registry.acquire(OTHER)
    return registry


class TestPostgres(RegistryConformance):
    @pytest.fixture(autouse=True)
    def databases(self, postgres):
        with ExitStack() as stack:
            self.folders = {}
            self.new_database = lambda: stack.enter_context(postgres.fresh_database())
            yield

    async def open(self, folder, *, shards=2):
        if folder not in self.folders:
            self.folders[folder] = self.new_database().dsn
        return await opened(self.folders[folder], shards=shards)


@pytest.fixture
async def registry(database):
    registry = await opened(database.dsn)
    yield registry
    await registry.close()


async def test_services_that_create_a_registry_at_once_get_the_same(database):
    opening = [PostgresRegistry.open(connector(database.dsn), shards=n) for n in (1, 2, 3)]
    registries = await asyncio.gather(*opening)
    assert len({each.cluster for each in registries}) == 1
    for each in registries:
        await each.close()


async def test_a_newer_schema_is_rejected_and_not_changed(database, registry):
    database.execute("UPDATE eventer_registry.version SET number = 99")
    with pytest.raises(RegistryError, match="newer version"):
        await PostgresRegistry.open(connector(database.dsn))
    assert database.value("SELECT number FROM eventer_registry.version") == 99


async def test_any_character_can_be_stored(registry):
    context = EventContext("a\0b\x1a0\x1a", "\0")
    record = sample_record(1, spec=sample_spec(context=context), failure=None)
    await registry.apply([Add(record)])
    assert await registry.all() == (record,)


async def test_one_service_is_the_leader_until_it_closes(database, registry):
    other = await PostgresRegistry.open(connector(database.dsn))
    assert not await other.acquire("http://other")
    assert (await other.lease()).url == OTHER
    await registry.close()
    assert not (await other.lease()).is_held
    assert await other.acquire("http://other")
    lease = await other.lease()
    assert (lease.url, lease.is_held) == ("http://other", True)
    await other.close()


async def test_a_lease_that_is_not_renewed_is_taken_over_and_fences_its_old_holder(
    database, registry, monkeypatch
):
    await registry.apply([Add(sample_record(1))])
    await registry.renew()
    other = await PostgresRegistry.open(connector(database.dsn))
    database.execute("UPDATE eventer_registry.lease SET renewed_at = now() - interval '1 hour'")
    assert await other.acquire("http://other")
    for late in (registry.apply([Remove(1)]), registry.renew(), registry.check()):
        with pytest.raises(LeaseLostError):
            await late
    await other.apply([Add(sample_record(2))])
    assert [record.id for record in await other.all()] == [1, 2]
    await registry.close()
    assert (await other.lease()).is_held
    await other.close()


async def test_a_transaction_that_began_before_the_takeover_ends_before_it(database, registry):
    """The lease is locked from the first statement of a change to its commit."""
    other = await PostgresRegistry.open(connector(database.dsn))
    database.execute("UPDATE eventer_registry.lease SET renewed_at = now() - interval '1 hour'")
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    run = registry_module._run

    async def slow_change(*arguments):
        begun.set()
        await may_go_on.wait()
        await run(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry_module, "_run", slow_change)
        adding = asyncio.create_task(registry.apply([Add(sample_record(1))]))
        await begun.wait()
    taking = asyncio.create_task(other.acquire("http://other"))
    await wait_for_lock(database)
    may_go_on.set()
    await adding
    assert await taking
    assert [record.id for record in await other.all()] == [1]
    await other.close()


async def wait_for_lock(database):
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    await asyncio.to_thread(wait_until, lambda: database.value(query))


class LostAnswer(asyncpg.transaction.Transaction):
    """A transaction whose session ends when it is committed, before or after it is stored."""

    is_stored = True

    async def commit(self):
        client = self._connection
        if self.is_stored:
            await super().commit()
        client.terminate()
        raise ConnectionResetError


@pytest.mark.parametrize("is_stored", [True, False])
async def test_a_lost_answer_to_a_commit_is_looked_up(registry, monkeypatch, is_stored):
    monkeypatch.setattr(LostAnswer, "is_stored", is_stored)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.connection.transaction, "Transaction", once(patch, LostAnswer))
        adding = registry.apply([Add(sample_record(1))])
        if is_stored:
            await adding
        else:
            with pytest.raises(RegistryUnreachableError):
                await adding
    assert len(await registry.all()) == is_stored
    await registry.apply([Add(sample_record(2))])
    with pytest.raises(GeneratorExistsError):
        await registry.apply([Add(sample_record(2))])


def once(patch, transaction):
    """Makes one transaction of this type, and ordinary ones after it."""

    def make(*arguments):
        patch.undo()
        return transaction(*arguments)

    return make


async def test_a_change_that_stays_unknown_says_so(database, registry, monkeypatch):
    monkeypatch.setattr(registry_module, "_OUTCOME_SECONDS", 0.0)

    async def unreachable():
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.connection.transaction, "Transaction", once(patch, LostAnswer))
        monkeypatch.setattr(registry._session, "_open", replace_after(registry, 1, unreachable))
        with pytest.raises(UnknownChangeError, match="not known whether"):
            await registry.apply([Add(sample_record(1))])
    monkeypatch.undo()


def replace_after(registry, count, replacement):
    """Opens the session `count` times; then calls the replacement."""
    original, calls = registry._session._open, []

    async def open_session():
        calls.append(1)
        return await (original() if len(calls) <= count else replacement())

    return open_session


async def test_an_unreachable_database_is_transient_and_shows_no_password():
    dsn = "postgresql://eventer:secret@127.0.0.1:1/eventer"
    with pytest.raises(RegistryUnreachableError) as caught:
        await PostgresRegistry.open(connector(dsn))
    assert caught.value.transient
    assert "secret" not in str(caught.value)


async def test_files_are_shared_until_no_generator_uses_them(database, registry):
    files, content = registry.shared_files, bytes(range(256))
    for _ in range(2):
        await files.keep("a", content)
    await files.keep("b", b"")
    other = await PostgresRegistry.open(connector(database.dsn))
    assert await other.shared_files.read("a") == content
    assert await other.shared_files.read("c") is None
    with pytest.raises(LeaseLostError):
        await other.shared_files.remove_others([])
    await files.remove_others(["b", "c"])
    assert [await other.shared_files.read(each) for each in ("a", "b")] == [None, b""]
    await other.close()
