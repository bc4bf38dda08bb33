"""The subjects of a topic in a schema registry, and their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventer.core.model import GivenSchema, KafkaTarget, RecordFormat
from eventer.core.value_schema import RecordSchemas, ValueSchema
from eventer.destinations.kafka.formats.given_schema import given_schema
from eventer.destinations.kafka.formats.schema_names import as_name
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema, formatted_schema

RecordPart: TypeAlias = Literal["value", "key"]


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A version of a subject that a registry has.

    `referenced` are the texts of the schemas that it refers to, each after those it refers to.
    """

    subject: str
    id: int
    text: str
    referenced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectSchema:
    """The schema of a topic's values or keys. `id` is known if it was given by subject."""

    part: RecordPart
    subject: str
    schema: FormattedSchema
    id: int | None = None


@dataclass(frozen=True, slots=True)
class SchemaSource:
    """Where the schema of a topic's values or keys comes from: it is given, or `derived`.

    `name` is that of the outermost record of a derived schema.
    """

    part: RecordPart
    subject: str
    format: RecordFormat
    name: str
    derived: ValueSchema
    given: GivenSchema | None

    def schema(self, registered: RegisteredSchema | None = None) -> SubjectSchema:
        """The schema; if it is given by its subject, that which is registered.

        Raises:
            DestinationRejectedError: a format cannot have the schema, or values cannot fit it.
        """
        if registered is not None:
            schema = given_schema(self.format, registered.text, self.derived, registered.referenced)
            return SubjectSchema(self.part, registered.subject, schema, registered.id)
        if isinstance(self.given, str):
            schema = given_schema(self.format, self.given, self.derived)
        else:
            schema = formatted_schema(self.derived, self.format, self.name)
        return SubjectSchema(self.part, self.subject, schema)


def schema_sources(target: KafkaTarget, schemas: RecordSchemas) -> Iterator[SchemaSource]:
    """The sources of the schemas that the records of a topic have."""
    name, topic = as_name(target.topic), target.topic
    if target.format != "json" and schemas.value is not None:
        yield SchemaSource(
            "value", f"{topic}-value", target.format, name, schemas.value, target.schema
        )
    if target.key_format != "json" and schemas.key is not None:
        name = f"{name}_key"
        yield SchemaSource(
            "key", f"{topic}-key", target.key_format, name, schemas.key, target.key_schema
        )


def subject_schemas(target: KafkaTarget, schemas: RecordSchemas) -> Iterator[SubjectSchema]:
    """The schemas that the records of a topic have; without those given by their subjects.

    Raises:
        DestinationRejectedError: see `SchemaSource.schema`.
    """
    for source in schema_sources(target, schemas):
        if not isinstance(source.given, tuple):
            yield source.schema()


def schema_texts(target: KafkaTarget, schemas: RecordSchemas) -> dict[str, str]:
    """The texts of the schemas that Eventer registers, by subject.

    Raises:
        DestinationRejectedError: a format cannot have its schema.
    """
    return {each.subject: each.schema.text for each in subject_schemas(target, schemas)}
