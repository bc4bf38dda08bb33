"""The subjects of a topic in a schema registry, and their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from eventer.core.model import KafkaTarget
from eventer.core.value_schema import RecordSchemas
from eventer.destinations.kafka.formats.schema_names import as_name
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema, formatted_schema


@dataclass(frozen=True, slots=True)
class SubjectSchema:
    """The schema of a topic's values or keys."""

    part: Literal["value", "key"]
    subject: str
    schema: FormattedSchema


def subject_schemas(target: KafkaTarget, schemas: RecordSchemas) -> Iterator[SubjectSchema]:
    """The schemas that the records of a topic have."""
    name = as_name(target.topic)
    if target.format != "json" and schemas.value is not None:
        value = formatted_schema(schemas.value, target.format, name)
        yield SubjectSchema("value", f"{target.topic}-value", value)
    if target.key_format != "json" and schemas.key is not None:
        key = formatted_schema(schemas.key, target.key_format, f"{name}_key")
        yield SubjectSchema("key", f"{target.topic}-key", key)


def schema_texts(target: KafkaTarget, schemas: RecordSchemas) -> dict[str, str]:
    """The texts of the schemas, by subject.

    Raises:
        DestinationRejectedError: a format cannot have its schema.
    """
    return {each.subject: each.schema.text for each in subject_schemas(target, schemas)}
