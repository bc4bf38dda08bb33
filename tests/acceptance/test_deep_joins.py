"""Events refer to events of running generators: a reader never sees one before those it refers to.

The tables of customers, orders and lines have foreign keys. Parcels of orders go to a topic, and
the receipts of parcels to a table again.
"""

import json
import random
import uuid
from contextlib import closing

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.acceptance.joins import wait_until_running
from tests.acceptance.request_bodies import table, topic
from tests.integration.kafka.harness import OPTIONS
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

TEMPLATES = {
    "customers": "{ id: e.index(), country: e.one_of('DE FR JP US'), since: e.now() }",
    "orders": """
local customer = e.event_of('customers', 'recent');
{ id: e.index(), customer_id: customer.id, country: customer.country, since: customer.since }
""",
    "lines": """
local order = e.event_of('orders', 'recent');
{ id: e.index(), order_id: order.id, customer_id: order.customer_id, since: order.since }
""",
    "parcels": """
local order = e.event_of('orders', 'recent');
{ id: e.index(), order_id: order.id, customer_id: order.customer_id, since: order.since }
""",
    "receipts": """
local parcel = e.event_of('parcels', 'recent');
{ id: e.index(), parcel_id: parcel.id, order_id: parcel.order_id, since: parcel.since }
""",
}
NAMES = [*TEMPLATES]
TABLES = """
create table {0}_customers (id bigint primary key, country text, since text);
create table {0}_orders (id bigint primary key, country text, since text,
  customer_id bigint not null references {0}_customers);
create table {0}_lines (id bigint primary key, since text,
  order_id bigint not null references {0}_orders,
  customer_id bigint not null references {0}_customers);
create table {0}_receipts (id bigint primary key, since text, order_id bigint, parcel_id bigint);
"""
JOINED = """
select count(*) from {0}_lines l join {0}_orders o on o.id = l.order_id
join {0}_customers c on c.id = o.customer_id
where l.customer_id = c.id and l.since = c.since and o.since = c.since and o.country = c.country
"""


class Reader:
    """Reads receipts, then parcels, then their orders and customers, and compares them."""

    def __init__(self, kafka, dsn, name):
        self.name, self.dsn = name, dsn
        address = OPTIONS | {"bootstrap.servers": kafka, "enable.partition.eof": False}
        self.consumer = Consumer(address)
        self.log = Consumer(address | {"isolation.level": "read_uncommitted"})
        self.places = []
        self.parcels = {}
        self.receipts = 0

    def poll(self):
        """Reads on; returns the number of receipts so far, or None if a side is unavailable."""
        try:
            with closing(psycopg.connect(self.dsn, autocommit=True)) as database:
                self._read(database)
        except psycopg.OperationalError:
            return None
        return self.receipts

    def _read(self, database):
        if not self.places:
            known = self.consumer.list_topics(timeout=60).topics.get(f"{self.name}_parcels")
            if known is None or not known.partitions:
                return
            self.places = [TopicPartition(known.topic, n, 0) for n in known.partitions]
            self.consumer.assign(self.places)
        receipts = database.execute(
            f"select parcel_id, order_id, since from {self.name}_receipts where id >= %s",
            (self.receipts,),
        ).fetchall()
        ends = {
            place.partition: self.log.get_watermark_offsets(place, timeout=DEADLINE_S)[1]
            for place in (self.places if receipts else ())
        }
        self._read_parcels(database, {parcel for parcel, _, _ in receipts})
        for parcel_id, order_id, since in receipts:
            parcel, partition, offset = self.parcels[parcel_id]
            assert (parcel["order_id"], parcel["since"]) == (order_id, since)
            assert offset < ends[partition]
        self.receipts += len(receipts)

    def _read_parcels(self, database, needed):
        """Reads parcels until the needed ones are read; others may arrive all the time."""

        def read():
            found = self.consumer.consume(5000, 0.2)
            for record in found:
                parcel = json.loads(record.value())
                self.parcels[parcel["id"]] = (parcel, record.partition(), record.offset())
            self._check_orders(database, [json.loads(record.value()) for record in found])
            return needed <= self.parcels.keys()

        wait_until(read, lambda: f"parcels of receipts: {needed - self.parcels.keys()}")

    def _check_orders(self, database, parcels):
        ids = list({parcel["order_id"] for parcel in parcels})
        rows = database.execute(
            f"select o.id, c.id, c.since from {self.name}_orders o "
            f"join {self.name}_customers c on c.id = o.customer_id where o.id = any(%s)",
            (ids,),
        ).fetchall()
        orders = {id_: (customer, since) for id_, customer, since in rows}
        for parcel in parcels:
            assert orders[parcel["order_id"]] == (parcel["customer_id"], parcel["since"])

    def until_more(self, count, service):
        enough = self.receipts + count
        wait_until(
            lambda: (self.poll() or 0) >= enough,
            lambda: f"{service.get('/generator/status')}\n{service.log}",
        )

    def close(self):
        self.consumer.close()
        self.log.close()


def body(name, **counts):
    """All five generators; `counts` are events per tick."""
    destinations = {
        each: table(f"{name}_{each}", key="id") for each in NAMES if each != "parcels"
    } | {"parcels": topic(f"{name}_parcels")}
    return {
        "destinations": [
            {"id": id_, "type": kind, kind: options}
            for id_, (kind, options) in destinations.items()
        ],
        "events": [
            {
                "id": each,
                "template": f"local e = import 'eventer.libsonnet'; {TEMPLATES[each]}",
                "count": counts.get(each, 2 if each == "customers" else 10),
                "interval": "100ms",
            }
            for each in reversed(NAMES)
        ],
        "schedules": [{"event_id": each, "destination_id": each} for each in NAMES],
    }


class Shop:
    """The five generators in a service, and what happens to them."""

    def __init__(self, service, reader, dsn, name):
        self.service, self.reader, self.dsn, self.name = service, reader, dsn, name
        code, added = service.post("/generator/add", body(name))
        assert code == 200, added
        self.ids = {each: g["id"] for each, g in zip(NAMES, added["generators"], strict=True)}

    def pause(self, number):
        id_ = self.ids[("customers", "orders", "parcels")[number // 4 % 3]]
        assert self.service.post(f"/generator/pause?id={id_}")[0] == 200
        self.reader.until_more(100, self.service)
        assert self.service.post("/generator/remove", {"ids": [id_]})[0] == 409
        assert self.service.post(f"/generator/resume?id={id_}")[0] == 200

    def repace(self, number):
        counts = {("customers", "orders", "parcels")[number // 4 % 3]: number + 2}
        code, answer = self.service.post("/generator/add", body(self.name, **counts))
        assert code == 200, answer

    def lose_database(self, _number):
        """For two seconds, all connections to the database end, and new ones are refused."""
        server, _, database = self.dsn.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
            admin.execute(f"alter database {database} allow_connections false")
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                (database,),
            )
            self._until_waiting("customers")
            admin.execute(f"alter database {database} allow_connections true")

    def _until_waiting(self, name):
        wait_until(
            lambda: self.service.generator(self.ids[name])["state"] == "waiting",
            lambda: str(self.service.generator(self.ids[name])),
        )

    def verify(self, *names):
        for each in names:
            code, verified = self.service.post(f"/generator/verify?id={self.ids[each]}")
            assert (code, verified["clean"]) == (200, True), (each, verified)

    def end(self):
        for id_ in self.ids.values():
            wait_until_running(self.service, id_)
            assert self.service.post(f"/generator/pause?id={id_}")[0] == 200
        self.reader.poll()
        self.verify(*NAMES)
        with psycopg.connect(self.dsn) as database:
            lines = f"select count(*), count(distinct customer_id) from {self.name}_lines"
            count, customers = database.execute(lines).fetchone()
            joined = database.execute(JOINED.format(self.name)).fetchone()[0]
        assert (count, customers > 10) == (joined, True)


@pytest.fixture
def start_shop(make_service, postgres_dsn):
    """Starts the generators with their reader."""
    readers = []

    def start(kafka):
        name = f"joins_{uuid.uuid4().hex[:12]}"
        service = make_service(kafka=kafka, postgres=postgres_dsn).start()
        with psycopg.connect(postgres_dsn, autocommit=True) as database:
            database.execute(TABLES.format(name))
        readers.append(Reader(kafka, postgres_dsn, name))
        return Shop(service, readers[0], postgres_dsn, name)

    yield start
    for each in readers:
        each.close()


def test_no_event_is_visible_before_those_it_refers_to(start_shop, kafka):
    shop = start_shop(kafka)
    for number, change in enumerate((shop.pause, shop.repace)):
        shop.reader.until_more(random.randint(20, 100), shop.service)
        change(number)
        shop.service.kill()
        shop.service.start()
    shop.reader.until_more(100, shop.service)
    shop.end()
    shop.service.stop()


@pytest.mark.timeout(0)  # every wait has a deadline; 20 kills take long on a busy machine
def test_no_event_is_visible_before_those_it_refers_to_through_20_kills(start_shop, own_kafka):
    broker = own_kafka()
    shop = start_shop(broker.bootstrap)

    def lose_broker(_number):
        broker.kill()
        shop._until_waiting("parcels")
        broker.start()

    changes = (shop.pause, shop.repace, shop.lose_database, lose_broker)
    for number in range(20):
        shop.reader.until_more(random.randint(20, 100), shop.service)
        changes[number % 4](number)
        shop.service.kill()
        shop.service.start()
        shop.reader.until_more(50, shop.service)
        shop.verify(NAMES[number % 5], NAMES[(number + 2) % 5])
    shop.end()
    shop.service.stop()
