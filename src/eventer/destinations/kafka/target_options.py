"""The options of a topic in requests."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from eventer.core.model import GivenSchema, KafkaTarget, RecordFormat
from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    ConnectionName,
    NonEmptyText,
    OmittedFields,
    RequestModel,
    ValueField,
)
from eventer.destinations.target_options import TargetOptions

Topic = Annotated[str, StringConstraints(min_length=1, max_length=249)]


class SchemaOption(RequestModel):
    """A schema: its text, or its subject and version in the connection's schema registry."""

    text: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None,
        description="Text of an Avro schema or a JSON Schema, which Eventer registers.",
    )
    subject: NonEmptyText | None = Field(
        default=None, description="Subject of a schema that is registered."
    )
    version: Annotated[int, Field(strict=True, ge=1, le=2_147_483_647)] | None = Field(
        default=None, description="Version of the subject."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if given not in (["text"], ["subject", "version"]):
            message = "must have either `text`, or `subject` and `version`"
            raise PydanticCustomError("schema_option", "{text}", {"text": message})
        return self

    def given(self) -> GivenSchema:
        """The schema as the service takes it."""
        if self.text is not None:
            return self.text
        assert self.subject is not None
        assert self.version is not None
        return self.subject, self.version


class KafkaOptions(TargetOptions):
    """A topic. Its sources, and header values, name a field of the event or a JSON pointer."""

    model_config = ConfigDict(serialize_by_alias=True)

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
    given_schema: SchemaOption | None = Field(
        default=None,
        alias="schema",
        description="Schema of values, in place of the derived one. Needs the format `avro`.",
    )
    key_schema: SchemaOption | None = Field(
        default=None,
        description="Schema of keys, in place of the derived one. Needs the key format `avro`.",
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
            schema=None if self.given_schema is None else self.given_schema.given(),
            key_schema=None if self.key_schema is None else self.key_schema.given(),
        )
