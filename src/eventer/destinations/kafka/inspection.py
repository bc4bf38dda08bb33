"""Tests the connection to a Kafka cluster, as an owner of a shard would open it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from eventer.core.errors import DestinationError
from eventer.destinations.inspection import ConnectionReport, TargetSize
from eventer.destinations.kafka.errors import connection_error
from eventer.destinations.kafka.log_reader import LogReader
from eventer.destinations.kafka.producer_startup import start_producer
from eventer.destinations.kafka.settings import KafkaSettings


async def inspect_cluster(
    settings: KafkaSettings, transactional_id: str, topics: Sequence[str]
) -> ConnectionReport:
    """Starts a producer, and reads the sizes of the topics. Fences no owner with another id.

    Raises:
        DestinationUnavailableError: the cluster is not reachable.
        DestinationRejectedError: it rejects the login, or transactions that the settings demand.
    """
    started = await start_producer(settings, transactional_id)
    try:
        client = started.producer.client
        async with asyncio.timeout(settings.start_timeout):
            sizes = await _sizes(LogReader(settings, client), topics)
        brokers = len(client.cluster.brokers())
    except DestinationError:
        raise
    except Exception as error:
        raise connection_error(error, "reading the sizes of topics") from error
    finally:
        await started.producer.close()
    server = f"Kafka, {brokers} broker{'' if brokers == 1 else 's'}"
    return ConnectionReport(server, started.guarantee, started.degraded, sizes)


async def _sizes(log: LogReader, topics: Sequence[str]) -> Mapping[str, TargetSize]:
    sizes = {}
    for topic in topics:
        offsets = (await log.partition_offsets(topic)).values()
        if offsets:
            records = sum(each.last_stable - each.start for each in offsets)
            sizes[topic] = TargetSize(records, partitions=len(offsets))
    return sizes
