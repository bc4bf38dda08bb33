"""aiokafka's client and requests, with what they lack."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any

from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest, ProduceRequest_v8


class KafkaClient(AIOKafkaClient):  # type: ignore[misc]  # aiokafka is untyped
    """A client that never creates a topic by asking for its metadata.

    aiokafka allows that: where the broker creates topics automatically, a topic that was dropped
    would come back with the broker's settings, not with the destination's.
    """

    async def _metadata_update(self, cluster_metadata: Any, topics: Collection[str]) -> bool:
        """Overrides aiokafka's method; returns whether a broker has answered."""
        request = MetadataRequest(list(topics) or None, allow_auto_topic_creation=False)
        nodes = [broker.nodeId for broker in self.cluster.brokers()] or ["bootstrap"]
        for node in random.sample(nodes, len(nodes)):
            try:
                answer = await self.send(node, request)
            except kafka.KafkaError:
                continue
            if answer.brokers:
                cluster_metadata.update_metadata(answer)
            return bool(answer.brokers)
        cluster_metadata.failed_update(None)
        return False


class ProduceUpToV8(ProduceRequest):  # type: ignore[misc]
    """aiokafka's request, also in version 8: its answer names refused records (KIP-467)."""

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Any:
        """The request in the newest version that the broker and this class know."""
        oldest, newest = versions.get(self.API_KEY, (0, 0))
        if oldest <= ProduceRequest_v8.API_VERSION <= newest:
            return self.build(ProduceRequest_v8)
        return super().prepare(versions)
