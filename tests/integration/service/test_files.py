"""A whole service delivers to files, and verifies them."""

from dataclasses import replace

import pytest

from eventer.core.errors import RequestError
from eventer.core.model import FileTarget
from eventer.service.requests import AddRequest, DestinationRequest, ScheduleRequest
from tests.integration.destinations.file.harness import read_rows
from tests.integration.service.conftest import AddRequestBuilder, one, until_position
from tests.integration.service.test_verifier import verify

pytestmark = pytest.mark.asyncio(loop_scope="package")


def request(target: FileTarget) -> AddRequest:
    event = AddRequestBuilder().with_event(template="{ n: std.native('get_index')() }").event
    destination = DestinationRequest("d", target)
    return AddRequest((destination,), (event,), (ScheduleRequest("d", event.id),))


async def test_a_generator_delivers_parts_and_is_verified(shared_environment):
    target = FileTarget("shop/orders", format="parquet", partition_by=("dt={date}",))
    async with shared_environment.service() as eventer:
        (added,) = await eventer.add(request(target))
        await until_position(eventer, added.id, 300)
        await eventer.pause(added.id)
        position = (await one(eventer, added.id)).position
        folder = shared_environment.settings.file.root / "shop" / "orders"
        paths = sorted(folder.rglob("*.parquet"), key=lambda path: path.name)
        assert [row["n"] for path in paths for row in read_rows(path)] == list(range(position))
        assert {path.parent.name[:5] for path in paths} == {"dt=20"}
        assert len(paths) < position / 50, "parts have the events of several ticks"
        found = await verify(eventer, added.id)
        assert found.clean, found.report
        assert found.report.checked == position
        paths[0].unlink()
        assert not (await verify(eventer, added.id)).clean


async def test_only_folders_below_the_root_are_targets(shared_environment):
    async with shared_environment.service() as eventer:
        for path in ("../elsewhere", "/tmp/elsewhere", "_eventer/x"):
            with pytest.raises(RequestError, match="path"):
                await eventer.add(request(FileTarget(path)))
        other = replace(FileTarget("x", format="csv"), connection="kafka")
        with pytest.raises(RequestError, match="is of type kafka, not file"):
            await eventer.add(request(other))
