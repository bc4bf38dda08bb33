"""A whole service verifies delivered events in a separate process."""

import asyncio
from contextlib import aclosing, closing

import psutil
import pytest

from eventer.core.errors import DestinationUnavailableError, NotFoundError, PositionLostError
from eventer.destinations.audit import Flaw
from eventer.registry.base import BegunFingerprint
from eventer.service.views import Verification
from tests.integration.service.conftest import MS, AddRequestBuilder, one, until_position
from tests.sqlite_destination import forget_positions, open_store
from tests.waiting import wait_until_async

pytestmark = pytest.mark.asyncio(loop_scope="package")

SOMETIMES = "if std.native('get_integer')(1, 9) == 1 then error 'no' else { n: 1 }"


async def verify(eventer, id_, **options):
    async with aclosing(eventer.verify(id_, **options)) as news:
        async for each in news:
            if isinstance(each, Verification):
                return each
    raise AssertionError("no outcome")


def change(service_environment, statement):
    with closing(open_store(service_environment.store)) as database:
        assert database.execute(statement).rowcount == 1


def committed(service_environment, generator):
    """The position in the destination; the service gets it a moment later."""
    with closing(open_store(service_environment.store)) as database:
        key = f"%/{generator}/%"
        ((stands,),) = database.execute("select next from position where key like ?", (key,))
        return stands


async def test_a_running_generator_verifies_up_to_its_position(shared_environment):
    ask = AddRequestBuilder().with_event(on_error="skip", template=SOMETIMES)
    async with shared_environment.service() as eventer:
        added, other = await eventer.add(ask.to("boo", "moo").request)
        await until_position(eventer, added.id, 200)
        await eventer.add(ask.with_event(count=20, interval=70 * MS).to("boo").request)
        await until_position(eventer, added.id, 300)
        found = await verify(eventer, added.id)
        assert found.clean, found.report
        assert found.id == added.id
        assert 300 <= found.report.until <= committed(shared_environment, added.id)
        assert found.report.checked + found.report.skipped == found.report.until
        assert found.report.skipped > 0
        assert (await verify(eventer, other.id)).clean


async def test_manipulated_data_is_found_and_foreign_events_may_be_allowed(shared_environment):
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 100)
        await eventer.pause(added.id)
        change(shared_environment, "insert into event values ('boo', '', 0, 0, '{}')")
        assert (await verify(eventer, added.id, allow_foreign=True)).clean
        change(shared_environment, "delete from event where number = 17")
        found = await verify(eventer, added.id)
        assert [(f.flaw, f.index) for f in found.report.findings] == [
            (Flaw.MISSING, 17),
            (Flaw.FOREIGN, None),
        ]


async def test_events_before_an_upgrade_are_reported_as_not_compared(shared_environment):
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 100)
        generator = eventer._lifecycle.generators[added.id]
        known = generator.record.fingerprints
        generator.update_record(
            fingerprints=(
                BegunFingerprint(0, "d0-f0-older"),
                BegunFingerprint(50, known[0].fingerprint),
            )
        )
        found = await verify(eventer, added.id)
        assert found.clean
        ((first, end),) = [(u.first, u.end) for u in found.report.unchecked]
        assert (first, end) == (0, 50)


async def test_a_lost_position_is_not_an_empty_destination(
    shared_environment,
):
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 100)
        await eventer.pause(added.id)
        forget_positions(shared_environment.store)
        with pytest.raises(PositionLostError, match="position lost"):
            await verify(eventer, added.id)


async def test_an_unavailable_destination_is_reported(shared_environment):
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 10)
        shared_environment.down()
        with pytest.raises(DestinationUnavailableError):
            await verify(eventer, added.id)
        with pytest.raises(NotFoundError):
            await verify(eventer, added.id + 1)
        shared_environment.up()


async def test_a_cancelled_verification_leaves_no_process(shared_environment):
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(AddRequestBuilder().request)
        await until_position(eventer, added.id, 10)
        before = set(psutil.Process().children(recursive=True))

        async def reading():
            # An inspector may be started again meanwhile.
            kept = {each.pid for each in (await eventer.snapshot()).workers}
            new = set(psutil.Process().children(recursive=True)) - before
            return [each for each in new if each.pid not in kept]

        async def ended():
            return not await reading()

        asking = asyncio.create_task(verify(eventer, added.id))
        await wait_until_async(reading)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await wait_until_async(ended)


async def test_generators_keep_the_files_that_they_were_added_with(service_environment, tmp_path):
    library, copies = tmp_path / "library", service_environment.settings.data_dir / "rows"
    library.mkdir()
    (library / "c.csv").write_text("x\n1\n2\n")
    service_environment.settings = service_environment.settings.model_copy(
        update={"library": library}
    )
    rows = "{ x: std.native('get_row')('c.csv', index=std.native('get_index')()).x }"
    ask = AddRequestBuilder().with_event(template=rows).request
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(ask)
        await until_position(eventer, added.id, 50)
        (library / "c.csv").write_text("x\nnew\n")
        (changed,) = await eventer.add(ask)
        assert changed.id != added.id
    (library / "c.csv").unlink()
    (copies / "unused").touch()
    async with service_environment.service() as eventer:
        assert len(list(copies.iterdir())) == 2
        await until_position(eventer, added.id, (await one(eventer, added.id)).position + 20)
        await until_position(eventer, changed.id, 1)
        assert (await verify(eventer, added.id)).clean
        page = await eventer.events(added.id, 0, 3)
    assert list(page.events) == [b'{"x":"1"}', b'{"x":"2"}', b'{"x":"1"}']
    assert set(service_environment.texts("boo")) == {b'{"x":"1"}', b'{"x":"2"}', b'{"x":"new"}'}
