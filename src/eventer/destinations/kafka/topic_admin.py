"""Reads and creates topics."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from aiokafka import errors as kafka
from aiokafka.client import ConnectionGroup
from aiokafka.protocol.admin import (
    CreatePartitionsRequest,
    CreateTopicsRequest_v3,
    CreateTopicsResponse_v3,
    DescribeConfigsRequest,
)
from aiokafka.protocol.admin import CreateTopicsRequest as CreateTopicsUpToV3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest

from eventer.core.errors import (
    DestinationRejectedError,
    DestinationUnavailableError,
    TargetUnavailableError,
)
from eventer.core.model import KafkaTarget
from eventer.destinations.kafka.error_codes import error_type
from eventer.destinations.kafka.errors import describe, topic_error
from eventer.destinations.kafka.topic_name import topic_name_error

DEFAULT_MAX_MESSAGE_BYTES: Final = 1_048_588
"""Kafka's default, used if the broker does not show the topic's limit."""

_BROKER_DEFAULT: Final = -1
_TOPIC_RESOURCE: Final = 2
_TIMEOUT_MS: Final = 10_000
_LEADER_WAIT_SECONDS: Final = 5.0
_LEADER_POLLS: Final = 100
_REPLICA_AWAY: Final = kafka.ReplicaNotAvailableError.errno
"""The error code of a partition that is writable despite the error."""
_REPLICAS_IN_SYNC: Final = 5
"""The end of the fields of a partition that are in every version of the answer."""

_Partition: TypeAlias = tuple[int, int, int, list[int], list[int]]
"""Error code, number, leader, replicas, replicas in sync."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The present state of a topic. `max_message_bytes` limits a record batch as it is sent.

    A topic that is `compacted` accepts only records with a key.
    """

    name: str
    partitions: int
    max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES
    compacted: bool = False


class CreateTopicsResponse_v4(Response):  # type: ignore[misc]  # noqa: N801 - as in aiokafka
    """The answer has the fields of version 3."""

    API_KEY = 19
    API_VERSION = 4
    SCHEMA = CreateTopicsResponse_v3.SCHEMA


class CreateTopicsRequest_v4(RequestStruct):  # type: ignore[misc]  # noqa: N801
    """The fields of version 3; -1 partitions or replicas mean the broker's default (KIP-464)."""

    API_KEY = 19
    API_VERSION = 4
    RESPONSE_TYPE = CreateTopicsResponse_v4
    SCHEMA = CreateTopicsRequest_v3.SCHEMA


class _CreateTopics(Request[CreateTopicsRequest_v4]):  # type: ignore[misc]  # aiokafka is untyped
    API_KEY = 19

    def __init__(self, topic: tuple[Any, ...]) -> None:
        self._topic = topic

    def build(self, request_struct_class: type[CreateTopicsRequest_v4]) -> CreateTopicsRequest_v4:
        return request_struct_class(
            create_topic_requests=[self._topic], timeout=_TIMEOUT_MS, validate_only=False
        )


class TopicAdmin:
    """The topics of a cluster; the caller starts and closes the client.

    A broker answers the requests of a connection in their order. So, while it waits for replicas
    before it answers a producer, only requests in another `group` of connections are answered.
    """

    def __init__(self, client: Any, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> None:
        self._client = client
        self._group = group

    async def partition_counts(self, names: Collection[str]) -> Mapping[str, int]:
        """The number of partitions of each of the topics of which every partition has a leader."""
        answers = await self._metadata(names)
        return {name: len(partitions) for name, fault, partitions in answers if fault is None}

    async def states(self, names: Collection[str]) -> Mapping[str, int | kafka.KafkaError]:
        """The number of partitions of each topic, or why events cannot be written to it now."""
        found: dict[str, int | kafka.KafkaError] = {}
        for name, fault, partitions in await self._metadata(names):
            found[name] = fault or len(partitions)
            in_sync = [len(isr) for *_, replicas, isr in partitions if len(isr) < len(replicas)]
            if not fault and in_sync and min(in_sync) < await self._min_in_sync_replicas(name):
                found[name] = kafka.NotEnoughReplicasError()
        return found

    async def ensure(self, target: KafkaTarget) -> Topic:
        """The topic, which is created if it does not exist.

        Raises:
            DestinationRejectedError: its name or options are invalid, or rights are missing.
            TargetUnavailableError: a partition of it has no leader or too few replicas in sync.
        """
        fault = topic_name_error(target.topic)
        if fault:
            raise DestinationRejectedError(fault)
        found = (await self.states([target.topic])).get(target.topic)
        if isinstance(found, kafka.UnknownTopicOrPartitionError):
            await self._create(target)
        elif not isinstance(found, int | None):
            raise topic_error(found, target.topic)
        partitions = found if isinstance(found, int) else await self._wait_for_leaders(target.topic)
        config = await self._config(target.topic)
        limit = int(config.get("max.message.bytes") or DEFAULT_MAX_MESSAGE_BYTES)
        compacted = "compact" in (config.get("cleanup.policy") or "")
        return Topic(target.topic, partitions, limit, compacted)

    async def create_partitions(self, name: str, partitions: int) -> None:
        """Increases the number of partitions of a topic.

        Raises:
            DestinationRejectedError: the broker refuses it.
        """
        request = CreatePartitionsRequest(
            topic_partitions=[(name, (partitions, None))], timeout=_TIMEOUT_MS, validate_only=False
        )
        answer = await self._send_request(request, controller=True)
        for _, code, message in answer.topic_errors:
            if code:
                raise topic_error(error_type(code)(message or ""), name)
        await self._wait_for_leaders(name)

    async def _create(self, target: KafkaTarget) -> None:
        topic: tuple[Any, ...] = (
            target.topic,
            target.partitions or _BROKER_DEFAULT,
            target.replication or _BROKER_DEFAULT,
            [],
            list(target.config),
        )
        try:
            answer = await self._send_request(_CreateTopics(topic), controller=True)
        except NotImplementedError:  # the broker has no defaults
            known = (topic[0], target.partitions or 1, target.replication or 1, *topic[3:])
            answer = await self._send_request(
                CreateTopicsUpToV3([known], _TIMEOUT_MS, validate_only=False), controller=True
            )
        for name, code, message in answer.topic_errors:
            if code and code != kafka.TopicAlreadyExistsError.errno:
                raise topic_error(error_type(code)(message or ""), name)

    async def _metadata(
        self, names: Collection[str]
    ) -> list[tuple[str, kafka.KafkaError | None, list[_Partition]]]:
        """Each topic, the error of the topic or of one of its partitions, and the partitions."""
        request = MetadataRequest(list(names), allow_auto_topic_creation=False)
        answer = await self._send_request(request)
        found: list[tuple[str, kafka.KafkaError | None, list[_Partition]]] = []
        for code, name, _internal, partitions in answer.topics:
            codes = [code, *(partition[0] for partition in partitions)]
            fault = next((one for one in codes if one and one != _REPLICA_AWAY), 0)
            rows = [partition[:_REPLICAS_IN_SYNC] for partition in partitions]
            found.append((name, error_type(fault)() if fault else None, rows))
        return found

    async def _wait_for_leaders(self, name: str) -> int:
        """The number of partitions of a new topic, once each has a leader."""
        for _ in range(_LEADER_POLLS):
            counts = await self.partition_counts([name])
            if name in counts:
                return counts[name]
            await asyncio.sleep(_LEADER_WAIT_SECONDS / _LEADER_POLLS)
        raise TargetUnavailableError(f"topic {name!r} was created but has no leader yet")

    async def _min_in_sync_replicas(self, name: str) -> int:
        """How many replicas must be in sync, or Kafka's default; all of them are enough."""
        return int((await self._config(name)).get("min.insync.replicas") or 1)

    async def _config(self, name: str) -> Mapping[str, str | None]:
        """The topic's settings; empty if the broker does not show them."""
        # All settings: Tansu disconnects when it gets a list of names.
        request = DescribeConfigsRequest([(_TOPIC_RESOURCE, name, None)], include_synonyms=False)
        answer = await self._send_request(request)
        return {
            entry[0]: entry[1]
            for code, _, _, _, entries in answer.resources
            for entry in (() if code else entries)
        }

    async def _send_request(self, request: Any, *, controller: bool = False) -> Any:
        """The answer of the controller, or else of any broker that is reachable."""
        cluster = self._client.cluster
        if controller and cluster.controller is None:
            await self._client.force_metadata_update()
        nodes = [broker.nodeId for broker in cluster.brokers()]
        if controller and cluster.controller is not None:
            nodes = [cluster.controller.nodeId]
        error: kafka.KafkaError = kafka.NodeNotReadyError("no broker is known")
        for node in random.sample(nodes, len(nodes)):
            try:
                return await self._client.send(node, request, group=self._group)
            except (kafka.KafkaConnectionError, kafka.NodeNotReadyError) as unreachable:
                error = unreachable
            except kafka.KafkaError as failure:
                error = failure
                break
        raise DestinationUnavailableError(f"Kafka does not answer: {describe(error)}") from error
