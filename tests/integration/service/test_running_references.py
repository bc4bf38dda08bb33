"""Generators that refer to events of running generators: no event is visible before the others."""

import json
from contextlib import closing
from dataclasses import replace

import pytest

from eventer.core.errors import ConflictError, RequestError
from eventer.core.model import KafkaTarget
from eventer.core.pace import ticks
from eventer.service.requests import AddRequest, DestinationRequest, EventRequest, ScheduleRequest
from tests.integration.service.conftest import EVENT, MS, one, until_position
from tests.integration.service.test_verifier import verify
from tests.sqlite_destination import open_store
from tests.waiting import wait_until_async

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.fixture(autouse=True)
def _long_stall(monkeypatch):
    """A busy machine must not end a binding."""
    monkeypatch.setattr("eventer.service.reference_gates.STALL_NS", 10_000_000 * MS)


CUSTOMERS = EventRequest(
    "{ id: std.native('get_index')(), at: std.native('get_now')(),"
    " n: std.native('get_integer')(1, 99) }",
    id="customers",
    pace=ticks(20, 100 * MS),
)
ORDERS = replace(
    EVENT,
    id="orders",
    template="local c = std.native('get_event_of')('customers', 'recent');"
    " { customer: c.id, at: c.at, n: c.n }",
)


def request(*events, to=("d",), scheduled=None):
    """Each event goes to a topic of its name."""
    destinations = tuple(DestinationRequest(each.id, KafkaTarget(each.id)) for each in events)
    schedules = tuple(ScheduleRequest(each.id, each.id) for each in scheduled or events)
    return AddRequest(destinations, events, schedules)


def delivered(environment):
    """The topics and events in the order of their commits."""
    with closing(open_store(environment.store)) as database:
        rows = database.execute("select topic, text from event order by rowid").fetchall()
    return [(topic, json.loads(text)) for topic, text in rows]


def check_joins(environment):
    """Every order has a customer that was delivered before it, and agrees with it.

    Returns the number of different customers.
    """
    customers, used = {}, set()
    for topic, event in delivered(environment):
        if topic == "customers":
            customers[event["id"]] = event
        else:
            used.add(event["customer"])
            customer = customers[event["customer"]]
            assert (event["at"], event["n"]) == (customer["at"], customer["n"])
    return len(used)


async def until_bindings(eventer, id_, count):
    async def reached():
        return len((await one(eventer, id_)).record.bindings) >= count

    await wait_until_async(reached)
    return (await one(eventer, id_)).record.bindings


async def test_orders_refer_to_customers_that_are_delivered(service_environment):
    environment = service_environment
    async with environment.service() as eventer:
        orders, customers = await eventer.add(request(ORDERS, CUSTOMERS))
        await until_position(eventer, orders.id, 1500)
        (again, _) = await eventer.add(request(ORDERS, CUSTOMERS))
        assert (again.id, again.created, again.updated) == (orders.id, False, False)
        assert orders.record.spec.engine == "plan"
        (binding,) = (await one(eventer, orders.id)).record.bindings
        assert (binding.first, binding.generator, binding.end) == (0, customers.id, None)

        await eventer.pause(customers.id)
        paused_at = (await one(eventer, customers.id)).position
        _, binding = await until_bindings(eventer, orders.id, 2)
        assert binding.end == paused_at
        await until_position(eventer, orders.id, binding.first + 500)
        await eventer.resume(customers.id)
        bindings = await until_bindings(eventer, orders.id, 3)
        assert (bindings[2].end, len(bindings[2].segments)) == (None, 2)
        await until_position(eventer, orders.id, bindings[2].first + 500)

        with pytest.raises(ConflictError, match="others refer to its events: kafka:orders"):
            await eventer.remove([customers.id])
        faster = replace(CUSTOMERS, pace=ticks(50, 100 * MS))
        await eventer.add(request(faster))
        bindings = await until_bindings(eventer, orders.id, 4)
        await until_position(eventer, orders.id, bindings[3].first + 500)
    async with environment.service() as eventer:
        bindings = await until_bindings(eventer, orders.id, 5)
        await until_position(eventer, orders.id, bindings[4].first + 1000)
        await eventer.pause(orders.id)
        assert check_joins(environment) > 100
        assert (await verify(eventer, orders.id)).clean
        assert (await verify(eventer, customers.id)).clean
        texts = [json.loads(text) for text in environment.texts("orders")]
        found = await eventer.events(orders.id, 400, 300)
        assert [json.loads(each) for each in found.events] == texts[400:700]
        await eventer.remove([customers.id, orders.id])


LINES = replace(
    ORDERS,
    id="lines",
    template="local o = std.native('get_event_of')('orders', 'recent');"
    " { order: o.id, customer: o.customer, at: o.at, n: o.n }",
)


def check_lines(environment):
    """Every line has an order that was delivered before it, and agrees with it."""
    orders = {}
    for topic, event in delivered(environment):
        if topic == "orders":
            orders[event["id"]] = event
        elif topic == "lines":
            order = orders[event["order"]]
            assert {**order, "order": order["id"]} == {**event, "id": order["id"]}


async def test_lines_refer_to_orders_that_refer_to_customers(shared_environment):
    text = ORDERS.template.replace("{ customer", "{ id: std.native('get_index')(), customer")
    orders = replace(ORDERS, template=text)
    other = replace(LINES, template=LINES.template.replace("'orders'", "'kafka:orders'"))
    async with shared_environment.service() as eventer:
        lines, orders, customers = await eventer.add(request(LINES, orders, CUSTOMERS))
        (others,) = await eventer.add(request(replace(other, id="others")))
        assert lines.record.spec.engine == "plan"
        await until_position(eventer, lines.id, 100)
        await eventer.pause(customers.id)
        binding = (await until_bindings(eventer, lines.id, 1))[0]
        binding_of_orders = (await until_bindings(eventer, orders.id, 2))[1]
        # Without a delivered order, the next binding would replace this one.
        await until_position(eventer, orders.id, binding_of_orders.first + 1)
        position = (await one(eventer, lines.id)).position
        await eventer.resume(customers.id)
        await until_bindings(eventer, orders.id, 3)
        for each in (lines, others):
            await until_position(eventer, each.id, position + 300)
            await eventer.pause(each.id)
            assert (await verify(eventer, each.id)).clean
        assert (await one(eventer, lines.id)).record.bindings == (binding,)
        check_lines(shared_environment)
        with pytest.raises(ConflictError, match="others refer to its events"):
            await eventer.remove([customers.id, orders.id])
        texts = [json.loads(text) for text in shared_environment.texts("lines")]
        found = await eventer.events(lines.id, 50, 200)
        assert [json.loads(each) for each in found.events] == texts[50:250]
        await eventer.remove([customers.id, orders.id, lines.id, others.id])


async def test_a_running_generator_is_referred_to_by_its_name(shared_environment):
    async with shared_environment.service() as eventer:
        (customers,) = await eventer.add(request(CUSTOMERS))
        text = ORDERS.template
        named = replace(ORDERS, template=text.replace("'customers'", "'kafka:customers'"))
        by_id = replace(ORDERS, template=text.replace("'customers'", f"'{customers.id}'"))
        (orders,) = await eventer.add(request(named))
        (others,) = await eventer.add(request(replace(by_id, id="others")))
        assert len({orders.id, others.id}) == 2
        # Orders of the first `REFERENCE_DELAY_NS` refer to the first customer.
        await until_position(eventer, orders.id, 1000)
        await eventer.pause(orders.id)
        assert check_joins(shared_environment) > 1
        assert (await verify(eventer, orders.id)).clean
        position = (await one(eventer, orders.id)).position
        page = await eventer.events(orders.id, position - 1, 3)
        assert (len(page.events), page.provisional_from) == (3, position)
        assert (await eventer.events(orders.id, 0, 9)).provisional_from is None
        with pytest.raises(ConflictError):
            await eventer.remove([customers.id, orders.id])
        assert len(await eventer.status()) == 3


async def test_an_event_with_several_schedules_is_referred_to_by_connection(shared_environment):
    asked = request(CUSTOMERS, ORDERS)
    twice = replace(asked, schedules=(*asked.schedules, ScheduleRequest("orders", "customers")))
    async with shared_environment.service() as eventer:
        with pytest.raises(RequestError) as raised:
            await eventer.add(twice)
        (fault,) = raised.value.faults
        assert fault.pointer == "/schedules/1"
        assert "'customers', which has several schedules" in fault.message
        assert await eventer.status() == ()


async def test_orders_refer_to_the_customers_before_one_that_fails(shared_environment):
    late = replace(
        CUSTOMERS,
        template="if std.native('get_index')() == 15 then error 'no' else"
        " { id: std.native('get_index')(), at: 1, n: 2 }",
        on_error="stop",
    )
    async with shared_environment.service() as eventer:
        customers, orders = await eventer.add(request(late, ORDERS))

        # It replaces the first binding if no order was delivered before.
        async def is_bound():
            bindings = (await one(eventer, orders.id)).record.bindings
            return bool(bindings) and bindings[-1].end == 15

        await wait_until_async(is_bound)
        binding = (await one(eventer, orders.id)).record.bindings[-1]
        await until_position(eventer, orders.id, binding.first + 100)
        assert check_joins(shared_environment) <= 15
        assert (await one(eventer, customers.id)).state == "failed"
