"""Targets as JSON, in requests and answers."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from eventer.api.wire.field_types import ConnectionName, fail_validation
from eventer.core.model import (
    FileFormat,
    FileTarget,
    KafkaTarget,
    PostgresTarget,
    RecordFormat,
    ServiceTarget,
)

NonEmptyText = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Topic = Annotated[str, StringConstraints(min_length=1, max_length=249)]


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


_COLUMN_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 1_000}
UpsertKey = Annotated[
    list[NonEmptyText],
    Field(min_length=1, max_length=32),
    BeforeValidator(_one_or_more),
    WithJsonSchema(
        {
            "anyOf": [
                _COLUMN_SCHEMA,
                {"type": "array", "items": _COLUMN_SCHEMA, "minItems": 1, "maxItems": 32},
            ],
            "examples": ["id"],
        }
    ),
]


ValueField = Annotated[
    NonEmptyText | None,
    Field(description="Source of what is written; if omitted, the whole event."),
]
OmittedFields = Annotated[list[NonEmptyText], Field(max_length=100)]
OMIT_DESCRIPTION = "Fields or JSON pointers of what is written that are left out."


class RequestModel(BaseModel):
    """A JSON object with exactly these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KafkaOptions(RequestModel):
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


class PostgresOptions(RequestModel):
    """A table. With `key`, rows are upserted by those columns."""

    table: NonEmptyText = Field(
        description='`table`, `schema.table`, or `"a.b"` for a name with a dot.',
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="postgres", description="A connection's name.")
    key: UpsertKey | None = Field(default=None, description="Column or columns of the upsert key.")
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)
    op: NonEmptyText | None = Field(
        default=None,
        description="Source of the operation: `upsert`, the default, or `delete`, which deletes "
        "the row of the key.",
    )

    def target(self) -> PostgresTarget:
        """The target as the service takes it."""
        key = None if self.key is None else tuple(self.key)
        return PostgresTarget(
            self.table, self.connection, key, self.value, tuple(self.omit), self.op
        )


class FileOptions(RequestModel):
    """A folder below the root of the connection."""

    path: NonEmptyText = Field(
        description="Folder below the root of the connection, as `orders` or `shop/orders`. "
        "Eventer creates it if it does not exist.",
        examples=["orders"],
    )
    connection: ConnectionName = Field(default="file", description="A connection's name.")
    format: FileFormat = Field(
        default="ndjson",
        description="Format of the files. CSV and Parquet have a column per field.",
    )
    partition_by: Annotated[list[NonEmptyText], Field(max_length=8)] = Field(
        default_factory=list,
        description="Partition folders, outermost first: a field or JSON pointer, `NAME={FIELD}`, "
        "or `NAME={date}` and `NAME={hour}` of the scheduled time in UTC.",
        examples=[["dt={date}"]],
    )
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)

    def target(self) -> FileTarget:
        """The target as the service takes it."""
        return FileTarget(
            self.path,
            self.connection,
            self.format,
            tuple(self.partition_by),
            self.value,
            tuple(self.omit),
        )


_KINDS: Final = ("kafka", "postgres", "file")


def _options_of(kind: str) -> dict[str, JsonValue]:
    others: dict[str, JsonValue] = {other: {"type": "null"} for other in _KINDS if other != kind}
    return {
        "required": [kind],
        "properties": {"type": {"const": kind}, kind: {"type": "object"}, **others},
    }


class TargetBody(RequestModel):
    """A target: `type`, and the options of that type."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_options_of(kind) for kind in _KINDS]})

    type: Literal["kafka", "postgres", "file"]
    kafka: KafkaOptions | None = None
    postgres: PostgresOptions | None = None
    file: FileOptions | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TargetBody:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if self.type not in given:
            fail_validation(f"has the type {self.type!r}, but no {self.type!r} options")
        for other in given:
            if other != self.type:
                fail_validation(f"has the type {self.type!r}, but {other!r} options")
        return self

    def target(self) -> ServiceTarget:
        """The target as the service takes it."""
        options = self.kafka or self.postgres or self.file
        assert options is not None
        return options.target()
