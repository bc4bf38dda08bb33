"""Testing a connection: what its server is, the sizes of targets, and what prevents delivery."""

import asyncio

import asyncpg
import pytest

from eventer.core.errors import DestinationRejectedError, DestinationUnavailableError
from eventer.core.model import KafkaTarget
from eventer.destinations.inspection import TargetSize
from eventer.destinations.kafka.client import KafkaClient
from eventer.destinations.kafka.inspection import inspect_cluster
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.destinations.kafka.topic_admin import TopicAdmin
from eventer.destinations.postgres.inspection import inspect_database
from eventer.destinations.postgres.settings import PostgresSettings
from tests.integration.kafka.harness import PATIENT, wait_until_served
from tests.ports import free_port


@pytest.mark.postgres
async def test_a_database_is_inspected_and_not_changed(database):
    client = await asyncpg.connect(database.dsn)
    try:
        await client.execute("CREATE TABLE filled AS SELECT generate_series(1, 500); ANALYZE")
        report = await inspect_database(PostgresSettings(database.dsn), ["filled", "absent"])
        assert (report.server[:11], report.guarantee) == ("PostgreSQL ", "exactly-once")
        assert report.sizes == {"filled": TargetSize(500, report.sizes["filled"].bytes)}
        assert report.sizes["filled"].bytes >= 8192
        assert await client.fetchval("SELECT to_regnamespace('eventer')") is None
    finally:
        await client.close()


@pytest.mark.postgres
async def test_a_database_that_accepts_no_writes_is_refused_with_what_to_do(database):
    dsn = f"{database.dsn}?default_transaction_read_only=on"
    with pytest.raises(DestinationRejectedError, match="accepts no writes") as raised:
        await inspect_database(PostgresSettings(dsn), [])
    assert "default_transaction_read_only" in raised.value.hint


@pytest.mark.kafka
async def test_a_cluster_is_inspected(kafka):
    settings = KafkaSettings(kafka, **PATIENT)
    client = KafkaClient(**settings.client_options())
    await client.bootstrap()
    await TopicAdmin(client).ensure(KafkaTarget("inspected", partitions=2))
    await client.close()
    await asyncio.to_thread(wait_until_served, kafka, "inspected")
    report = await inspect_cluster(settings, "eventer-inspection", ["inspected", "absent"])
    assert (report.server, report.guarantee) == ("Kafka, 1 broker", "exactly-once")
    assert report.sizes == {"inspected": TargetSize(0, partitions=2)}


async def test_an_address_without_a_server_says_what_to_check():
    for inspect in (
        lambda port: inspect_cluster(KafkaSettings(f"127.0.0.1:{port}", start_timeout=2), "t", []),
        lambda port: inspect_database(PostgresSettings(f"postgresql://u@127.0.0.1:{port}/d"), []),
    ):
        with pytest.raises(DestinationUnavailableError, match="is not available") as raised:
            await inspect(free_port())
        assert raised.value.hint.startswith("check that a ")
