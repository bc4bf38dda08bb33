"""The encoders of a connection's flows, by the schemas that its registry has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import PositionKey, RecordFormat
from eventer.destinations.base import Flow
from eventer.destinations.kafka.formats.subjects import (
    RegisteredSchema,
    SchemaSource,
    SubjectSchema,
    schema_sources,
)
from eventer.destinations.kafka.formats.value_encoder import ValueEncoder
from eventer.destinations.kafka.record_encoding import JSON_RECORDS, RecordEncoders
from eventer.destinations.kafka.send_plan import kafka_target
from eventer.destinations.kafka.settings import KafkaSettings
from eventer.kernels.binary.transcode import load_kernel

if TYPE_CHECKING:
    from eventer.destinations.kafka.formats.schema_registry import SchemaRegistry


def _encode_alike(flow: Flow, other: Flow) -> bool:
    """Whether the values of two flows have equal encodings, if their schemas have equal ids."""
    same_target = kafka_target(flow) == kafka_target(other)
    return same_target and flow.shape.schemas == other.shape.schemas


class RecordEncoderCache:
    """The encoders of flows; schemas are registered once."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._client: SchemaRegistry | None = None
        self._by_flow: dict[PositionKey, tuple[Flow, RecordEncoders]] = {}
        self._ids: dict[tuple[str, str], int] = {}
        self._versions: dict[tuple[str, int, RecordFormat], RegisteredSchema] = {}

    def of(self, flow: Flow) -> RecordEncoders | None:
        """The encoders of a flow, if they are known."""
        if flow.shape.schemas is None:
            return JSON_RECORDS
        known, encoders = self._by_flow.get(flow.key, (None, None))
        return encoders if known is not None and _encode_alike(known, flow) else None

    async def check(self, flow: Flow) -> None:
        """Raises the errors of `ensure` that are known before a schema is registered.

        Raises as `SchemaRegistry.check` and `SchemaRegistry.version` do.
        """
        for each in await self._schemas(flow):
            if each.id is None:
                await self._registry.check(each.subject, each.schema)

    async def ensure(self, flow: Flow) -> None:
        """Registers the schemas of a flow.

        Raises as `SchemaRegistry.register` and `SchemaRegistry.version` do.
        """
        if self.of(flow) is None:
            schemas = await self._schemas(flow)
            ids = [await self._registered(each) for each in schemas]
            await asyncio.to_thread(load_kernel)
            self._add(flow, schemas, ids)

    async def find(self, flow: Flow) -> RecordEncoders:
        """The encoders of a flow whose schemas are registered.

        Raises:
            DestinationRejectedError: the registry does not have them.
        """
        if self.of(flow) is None:
            schemas = await self._schemas(flow)
            self._add(flow, schemas, [await self._found(each) for each in schemas])
        encoders = self.of(flow)
        assert encoders is not None
        return encoders

    async def close(self) -> None:
        """Closes the connections to the registry."""
        if self._client is not None:
            await self._client.close()

    async def _schemas(self, flow: Flow) -> list[SubjectSchema]:
        """The schemas of a flow's records, with their subjects."""
        if flow.shape.schemas is None:
            return []
        sources = list(schema_sources(kafka_target(flow), flow.shape.schemas))
        return [each.schema(await self._version(each)) for each in sources]

    async def _version(self, source: SchemaSource) -> RegisteredSchema | None:
        """The schema of the registry, if it is given by its subject and version."""
        if not isinstance(source.given, tuple):
            return None
        key = *source.given, source.format
        if key not in self._versions:
            self._versions[key] = await self._registry.version(*key)
        return self._versions[key]

    def _add(self, flow: Flow, schemas: Sequence[SubjectSchema], ids: Sequence[int]) -> None:
        found = {
            each.part: ValueEncoder(each.schema, number)
            for each, number in zip(schemas, ids, strict=True)
        }
        self._by_flow[flow.key] = flow, self._shared(flow, RecordEncoders(**found))

    def _shared(self, flow: Flow, encoders: RecordEncoders) -> RecordEncoders:
        """Equal encoders of another flow, so that both can share record batches.

        Equal ids do not suffice: different types can have the same schema in a format.
        """
        for known, each in self._by_flow.values():
            if each.ids == encoders.ids and _encode_alike(known, flow):
                return each
        return encoders

    async def _registered(self, each: SubjectSchema) -> int:
        if each.id is not None:
            return each.id
        key = (each.subject, each.schema.text)
        if key not in self._ids:
            self._ids[key] = await self._registry.register(each.subject, each.schema)
        return self._ids[key]

    async def _found(self, each: SubjectSchema) -> int:
        found = each.id or await self._registry.lookup(each.subject, each.schema)
        if found is None:
            raise DestinationRejectedError(
                f"the schema registry does not have the schema of subject {each.subject!r}",
                hint="check whether the subject was deleted: its records cannot be read without it",
            )
        return found

    @property
    def _registry(self) -> SchemaRegistry:
        if self._client is None:
            from eventer.destinations.kafka.formats.schema_registry import SchemaRegistry

            settings = self._settings.schema_registry
            if settings is None:
                raise DestinationRejectedError(
                    "the connection has no schema registry, which formats other than json need",
                    hint="set EVENTER_KAFKA__SCHEMA_REGISTRY_URL",
                )
            self._client = SchemaRegistry(settings)
        return self._client
