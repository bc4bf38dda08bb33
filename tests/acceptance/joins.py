"""Orders refer to customers of a running generator: nobody reads an order before its customer."""

import json
import random
import uuid

import psycopg
from confluent_kafka import Consumer, TopicPartition

from tests.acceptance.cases import CHECK
from tests.acceptance.request_bodies import table, topic
from tests.acceptance.service_process import table_rows
from tests.integration.kafka.harness import OPTIONS
from tests.waiting import wait_until

CUSTOMERS = """
local e = import 'eventer.libsonnet';
{ id: e.index(), country: e.one_of('DE FR JP US'), since: e.now() }
"""
ORDERS = """
local e = import 'eventer.libsonnet';
local customer = e.event_of('customers', 'recent');
{ id: e.index(), customer_id: customer.id, country: customer.country, since: customer.since }
"""


class OrderReader:
    """Reads the topic of orders and then the customers, and compares them."""

    def __init__(self, kafka, dsn, name):
        self.name = name
        self.consumer = Consumer(
            OPTIONS | {"bootstrap.servers": kafka, "enable.partition.eof": False}
        )
        self.assigned = False
        self.database = psycopg.connect(dsn, autocommit=True)
        self.read = 0

    def poll(self):
        """Checks that the new orders have their customers; returns the number of orders so far."""
        if not self.assigned:
            known = self.consumer.list_topics(timeout=60).topics.get(f"{self.name}_orders")
            if known is None or not known.partitions:
                return 0
            self.consumer.assign([TopicPartition(known.topic, n, 0) for n in known.partitions])
            self.assigned = True
        found = [json.loads(each.value()) for each in self.consumer.consume(5000, 0.2)]
        ids = list({order["customer_id"] for order in found})
        rows = self.database.execute(
            f"select id, country, since from {self.name}_customers where id = any(%s)", (ids,)
        ).fetchall()
        customers = {id_: (country, since) for id_, country, since in rows}
        for order in found:
            assert customers[order["customer_id"]] == (order["country"], order["since"])
        self.read += len(found)
        return self.read

    def until_more(self, count, service):
        enough = self.read + count
        wait_until(
            lambda: self.poll() >= enough,
            lambda: f"{service.get('/generator/status')}\n{service.log}",
        )

    def close(self):
        self.consumer.close()
        self.database.close()


def body(name, **customers):
    return {
        "destinations": [
            {"id": id_, "type": kind, kind: options}
            for id_, (kind, options) in {
                "customers": table(f"{name}_customers", key="id"),
                "orders": table(f"{name}_orders", key="id"),
                "topic": topic(f"{name}_orders"),
            }.items()
        ],
        "events": [
            {"id": "orders", "template": ORDERS, "count": 20, "interval": "100ms"},
            {
                "id": "customers",
                "template": CUSTOMERS,
                "interval": "100ms",
                "count": 2,
                **customers,
            },
        ],
        "schedules": [
            {"event_id": "orders", "destination_id": "orders"},
            {"event_id": "orders", "destination_id": "topic"},
            {"event_id": "customers", "destination_id": "customers"},
        ],
    }


def joins_case(kafka, service):
    """No order is visible before its customer, also while the customers are paused or changed."""
    name = f"joins_{uuid.uuid4().hex}"
    create_tables(service, name)
    code, added = service.post("/generator/add", body(name))
    assert code == 200, added
    ids = *_, customers = [each["id"] for each in added["generators"]]
    reader = OrderReader(kafka, service.dsn, name)
    try:
        reader.until_more(100, service)
        check_pause(service, customers, reader)
        number = 2
        while (yield) is not CHECK:
            reader.until_more(random.randint(50, 200), service)
            number += 1
            assert service.post("/generator/add", body(name, count=number))[0] == 200
            reader.until_more(100, service)
        for id_ in ids:
            wait_until_running(service, id_)
            assert service.post(f"/generator/pause?id={id_}")[0] == 200
        reader.poll()
    finally:
        reader.close()
    for id_ in ids:
        code, verified = service.post(f"/generator/verify?id={id_}")
        assert (code, verified["clean"]) == (200, True), verified
    rows = table_rows(service.dsn, f"{name}_orders")
    assert len(rows) >= 300
    assert len({row["customer_id"] for row in rows}) > 10


def wait_until_running(service, id_):
    wait_until(
        lambda: service.generator(id_)["state"] == "running",
        lambda: str(service.generator(id_)),
    )


def create_tables(service, name):
    with psycopg.connect(service.dsn, autocommit=True) as database:
        database.execute(
            f"create table {name}_customers (id bigint primary key, country text, since text);"
            f"create table {name}_orders (id bigint primary key, country text, since text,"
            f" customer_id bigint not null references {name}_customers)"
        )


def check_pause(service, customers, reader):
    """While the customers are paused, orders go on; customers with orders cannot be removed."""
    assert service.post(f"/generator/pause?id={customers}")[0] == 200
    reader.until_more(300, service)
    assert service.post("/generator/remove", {"ids": [customers]})[0] == 409
    assert service.post(f"/generator/resume?id={customers}")[0] == 200
