"""A whole service posts to an HTTP server, and says that it does so at least once."""

import pytest

from eventer.core.errors import DestinationRejectedError
from eventer.destinations.http.connection_settings import HttpConnectionSettings
from eventer.destinations.http.target import HttpTarget
from eventer.service.requests import AddRequest, DestinationRequest, ScheduleRequest
from tests.http_receiver import http_receiver
from tests.integration.service.conftest import AddRequestBuilder, one, until_position
from tests.integration.service.test_verifier import verify

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_generator_posts_and_continues_in_the_next_service(
    service_environment, monkeypatch
):
    event = AddRequestBuilder().with_event(template="{ n: std.native('get_index')() }").event
    destination = DestinationRequest("d", HttpTarget("orders", format="json"))
    request = AddRequest((destination,), (event,), (ScheduleRequest("d", event.id),))
    with http_receiver() as receiver:
        settings = service_environment.settings.model_copy(
            update={"http": HttpConnectionSettings(url=receiver.url)}
        )
        monkeypatch.setattr(service_environment, "settings", settings)
        async with service_environment.service() as eventer:
            (added,) = await eventer.add(request)
            await until_position(eventer, added.id, 50)
            assert (await one(eventer, added.id)).delivery == "at-least-once"
            with pytest.raises(DestinationRejectedError, match="cannot be read back"):
                await verify(eventer, added.id)
            await eventer.pause(added.id)
            before = (await one(eventer, added.id)).position
        async with service_environment.service() as eventer:
            await eventer.resume(added.id)
            await until_position(eventer, added.id, before + 50)
            await eventer.pause(added.id)
            position = (await one(eventer, added.id)).position
            await eventer.remove([added.id])
        found = [each["n"] for each in receiver.events("/orders")]
    # A request whose answer comes too late is repeated, so events can come twice.
    assert list(dict.fromkeys(found)) == list(range(position))
