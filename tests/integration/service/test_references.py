"""Generators that refer to events without a schedule: delivered, recomputed, verified, resumed."""

import json
from dataclasses import replace

import pytest

from eventer.core.errors import RequestError
from eventer.core.model import KafkaTarget
from eventer.service.requests import (
    AddRequest,
    DestinationRequest,
    EventRequest,
    PreviewRequest,
    ScheduleRequest,
)
from tests.integration.service.conftest import EVENT, until_position
from tests.integration.service.test_verifier import verify

pytestmark = pytest.mark.asyncio(loop_scope="package")

CUSTOMERS = EventRequest(
    "{ id: std.native('get_index')(), name: std.native('get_person')().name }",
    id="customers",
    pace=None,
    count=50,
)
ORDERS = replace(
    EVENT,
    id="orders",
    template="local c = std.native('get_event_of')('customers', 'zipf');"
    " { customer: c.id, name: c.name, n: std.native('get_integer')(1, 9) }",
)
PAYMENTS = replace(
    ORDERS, id="payments", template="{ payer: std.native('get_event_of')('customers') }"
)


def request(*events, scheduled):
    destination = DestinationRequest("d", KafkaTarget("boo"))
    schedules = tuple(ScheduleRequest("d", event.id) for event in scheduled)
    return AddRequest((destination,), events, schedules)


def references(view):
    return view.record.spec.event_source.template.references


async def test_references_are_kept_over_a_restart_and_generators_share_their_seeds(
    service_environment,
):
    asked = request(CUSTOMERS, ORDERS, scheduled=[ORDERS])
    async with service_environment.service() as eventer:
        (orders,) = await eventer.add(asked)
        await until_position(eventer, orders.id, 100)
        (again,) = await eventer.add(asked)
        assert (again.id, again.created) == (orders.id, False)
        (payments,) = await eventer.add(request(PAYMENTS, CUSTOMERS, scheduled=[PAYMENTS]))
        assert references(payments) == references(orders)
        (chosen,) = await eventer.add(
            request(ORDERS, replace(CUSTOMERS, seed=3), scheduled=[ORDERS])
        )
        assert chosen.id != orders.id
        await eventer.remove([payments.id, chosen.id])
    async with service_environment.service() as eventer:
        (orders,) = await eventer.status(orders.id)
        assert orders.record.spec.engine == "plan"
        await until_position(eventer, orders.id, orders.position + 50)
        await eventer.pause(orders.id)
        assert (await verify(eventer, orders.id)).clean
        events = [json.loads(each) for each in (await eventer.events(orders.id, 0, 100)).events]
        (stream,) = references(orders)
        customers = await eventer.templates.preview(
            PreviewRequest(CUSTOMERS.template, seed=stream.stream.seed, count=50)
        )
        names = [json.loads(each)["name"] for each in customers.events]
        assert [event["name"] for event in events] == [names[e["customer"]] for e in events]
        assert len({event["customer"] for event in events}) > 5


async def test_a_reference_has_the_seed_of_the_generator_that_delivers_the_stream(
    shared_environment,
):
    delivered = replace(CUSTOMERS, pace=EVENT.pace, count=None)
    async with shared_environment.service() as eventer:
        (customers,) = await eventer.add(request(delivered, scheduled=[delivered]))
        (orders,) = await eventer.add(request(CUSTOMERS, ORDERS, scheduled=[ORDERS]))
        (stream,) = references(orders)
        assert stream.stream.seed == customers.record.spec.stream.seed
        page = json.loads((await eventer.events(orders.id, 3, 1)).events[0])
        index = page["customer"]
        customer = json.loads((await eventer.events(customers.id, index, 1)).events[0])
        assert customer == {"id": index, "name": page["name"]}


async def test_wrong_references_are_faults_of_the_request(shared_environment):
    scheduled = replace(CUSTOMERS, pace=EVENT.pace)
    async with shared_environment.service() as eventer:
        for asked, said in (
            (
                request(
                    ORDERS,
                    replace(scheduled, template="std.native('get_event_of')('orders')"),
                    scheduled=[ORDERS, scheduled],
                ),
                "in a circle: orders → customers → orders",
            ),
            (request(ORDERS, scheduled=[ORDERS]), "no event 'customers' to refer to"),
            (
                request(ORDERS, replace(CUSTOMERS, count=None), scheduled=[ORDERS]),
                "needs a 'count'",
            ),
        ):
            with pytest.raises(RequestError) as raised:
                await eventer.add(asked)
            fault, *_ = raised.value.faults
            assert (fault.pointer, said in fault.message) == ("/events/0/template", True)
            assert fault.place.line == 1
            assert fault.hint
        assert await eventer.status() == ()
