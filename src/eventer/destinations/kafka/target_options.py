"""The options of a topic in requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from eventer.core.model import KafkaTarget, RecordFormat
from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    NonEmptyText,
    OmittedFields,
    ValueField,
)
from eventer.destinations.target_options import TargetOptions

Topic = Annotated[str, StringConstraints(min_length=1, max_length=249)]


class KafkaOptions(TargetOptions):
    """A topic. Its sources, and header values, name a field of the event or a JSON pointer."""

    topic: Topic = Field(
        description="Eventer creates it if it does not exist.", examples=["orders"]
    )
    connection: ConnectionName = Field(default="kafka", description="A connection's name.")
    key: NonEmptyText | None = Field(default=None, description="Source of the record's key.")
    partition: NonEmptyText | None = Field(
        default=None, description="Source of the partition number."
    )
    timestamp: NonEmptyText | None = Field(
        default=None, description="Source of the record's timestamp."
    )
    headers: dict[NonEmptyText, NonEmptyText] = Field(
        default_factory=dict, description="Source of each header."
    )
    partitions: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = Field(
        default=None, description="Partitions, if the topic is created."
    )
    replication: Annotated[int, Field(strict=True, ge=1, le=100)] | None = Field(
        default=None, description="Replication factor, if the topic is created."
    )
    config: dict[NonEmptyText, str] = Field(
        default_factory=dict, description="Settings, if the topic is created."
    )
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)
    op: NonEmptyText | None = Field(
        default=None,
        description="Source of the operation: `upsert`, the default, or `delete`, which writes a "
        "tombstone. Needs `key`.",
    )
    format: RecordFormat = Field(
        default="json",
        description="Format of values. Others than `json` have a schema, which Eventer derives "
        "from the template and registers in the connection's schema registry.",
    )
    key_format: RecordFormat = Field(
        default="json",
        description="Format of keys. Others than `json` have a schema, as for values, and need "
        "`key`.",
    )

    def target(self) -> KafkaTarget:
        """The target as the service takes it."""
        return KafkaTarget(
            topic=self.topic,
            connection=self.connection,
            key=self.key,
            partition=self.partition,
            timestamp=self.timestamp,
            headers=tuple(self.headers.items()),
            partitions=self.partitions,
            replication=self.replication,
            config=tuple(sorted(self.config.items())),
            value=self.value,
            omit=tuple(self.omit),
            op=self.op,
            format=self.format,
            key_format=self.key_format,
        )
