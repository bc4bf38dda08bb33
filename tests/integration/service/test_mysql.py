"""A whole service delivers to a real MariaDB, and verifies what is there."""

import pytest

from eventer.destinations.mysql.connection_settings import MysqlConnectionSettings
from eventer.destinations.mysql.target import MysqlTarget
from eventer.service.requests import AddRequest, DestinationRequest, ScheduleRequest
from tests.integration.destinations.mysql.harness import MysqlHarness
from tests.integration.service.conftest import AddRequestBuilder, one, until_position
from tests.integration.service.test_verifier import verify

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_generator_delivers_rows_and_is_verified(
    service_environment, monkeypatch, mysql_dsn
):
    template = "{ id: std.native('get_index')(), at: std.native('get_now')(), l: [1, {}] }"
    event = AddRequestBuilder().with_event(template=template).event
    target = MysqlTarget("orders")
    request = AddRequest(
        (DestinationRequest("d", target),), (event,), (ScheduleRequest("d", event.id),)
    )
    settings = service_environment.settings.model_copy(
        update={"mysql": MysqlConnectionSettings(dsn=mysql_dsn)}
    )
    monkeypatch.setattr(service_environment, "settings", settings)
    async with service_environment.service() as eventer:
        (added,) = await eventer.add(request)
        await until_position(eventer, added.id, 50)
        assert (await one(eventer, added.id)).delivery == "exactly-once"
        await eventer.pause(added.id)
        position = (await one(eventer, added.id)).position
        report = await verify(eventer, added.id)
        assert report.clean, report
        await eventer.remove([added.id])
    rows = MysqlHarness(mysql_dsn).execute("SELECT id FROM orders ORDER BY id")
    assert [row["id"] for row in rows] == list(range(position))
