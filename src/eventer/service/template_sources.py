"""Writes templates from what users already have: tables, samples, schemas and topics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventer.core.errors import RequestError
from eventer.destinations.postgres.settings import PostgresSettings
from eventer.scaffold.avro_record import avro_record
from eventer.scaffold.json_schema_record import json_schema_record
from eventer.scaffold.protobuf_record import protobuf_record
from eventer.scaffold.record import Record
from eventer.scaffold.request_writer import request_text
from eventer.scaffold.sample_values import sample_values
from eventer.scaffold.sampled_record import sampled_record
from eventer.scaffold.table_records import table_records
from eventer.scaffold.template_writer import template_text
from eventer.scaffold.topic_record import topic_record
from eventer.service.connections import KnownConnection, environment_name, known_connections
from eventer.settings import Settings


@dataclass(frozen=True, slots=True)
class WrittenTemplate:
    """A template, the fields of its key, and the names of the templates to which it refers.

    `rows` is how many records its source has, if that is known.
    """

    name: str
    text: str
    key: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class WrittenTemplates:
    """Templates, each after those to which it refers, and the request that delivers them."""

    templates: tuple[WrittenTemplate, ...]
    request: str | None = None

    def needed_by(self, name: str) -> list[WrittenTemplate]:
        """The templates to which a template refers, also through others."""
        by_name = {each.name: each for each in self.templates}
        waiting = [*by_name[name].references]
        found: dict[str, WrittenTemplate] = {}
        while waiting:
            each = waiting.pop(0)
            if each not in found and each in by_name:
                found[each] = by_name[each]
                waiting += by_name[each].references
        return list(found.values())


def template_of_sample(text: str, name: str, file: str, *, keep_values: bool) -> WrittenTemplates:
    """The template of a sample in NDJSON, JSON or CSV, which the ending of its file says.

    Raises:
        RequestError: the sample is not valid, or has no records.
    """
    values = sample_values(text, file)
    return _written([sampled_record(name, values, file, keep_values=keep_values)])


async def templates_of_tables(
    settings: Settings,
    connection: str,
    tables: Sequence[str],
    *,
    with_referenced: bool,
    keep_values: bool,
) -> WrittenTemplates:
    """The templates of tables of a database, and of those that they refer to. Changes nothing.

    Raises:
        RequestError: the connection is not known, is not one to PostgreSQL, or has no address.
        DestinationError: the database cannot be read.
    """
    from eventer.destinations.postgres.table_description import describe_tables

    options = _options(settings, connection, "postgres")
    described = await describe_tables(
        PostgresSettings(**options),  # type: ignore[arg-type]  # checked when read
        tables,
        with_referenced=with_referenced,
    )
    found = table_records(described, keep_values=keep_values)
    records = [each.record for each in found]
    targets = [each.table for each in found]
    return _written(records, request_text(records, targets, "postgres", connection))


def template_of_schema(
    text: str, name: str, file: str, *, message: str | None = None
) -> WrittenTemplates:
    """The template of a schema: Avro (.avsc), Protobuf (.proto) or else JSON Schema.

    An Avro schema in a file with another ending is recognized. `message` is that of a Protobuf
    file.

    Raises:
        RequestError: the schema is not valid, or does not have the message.
    """
    if file.lower().endswith(".proto"):
        return _written([protobuf_record(text, file, message)])
    if message is not None:
        raise RequestError(f"--message needs a .proto file, and {file} is not one")
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise RequestError(f"{file} is not valid JSON: {error}") from error
    except RecursionError as error:
        raise RequestError(f"{file} has too many nested arrays or objects") from error
    is_avro = file.lower().endswith(".avsc") or _is_avro(schema)
    language, read = (
        ("Avro schema", avro_record) if is_avro else ("JSON Schema", json_schema_record)
    )
    try:
        return _written([read(schema, name, f"{language} {file}")])
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise RequestError(
            f"{file} is not a valid {language}: check the types of its keywords ({error})"
        ) from error


def _is_avro(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") in ("record", "enum", "fixed")


async def template_of_topic(
    settings: Settings, connection: str, topic: str, *, keep_values: bool
) -> WrittenTemplates:
    """The template of the newest records of a topic, whose values are JSON.

    Its key is the field with the text of the records' keys.

    Raises:
        RequestError: the connection is not known, is not one to Kafka, or has no address; or a
            value is not JSON.
        DestinationError: the topic cannot be read.
    """
    from eventer.destinations.kafka.settings import KafkaSettings
    from eventer.destinations.kafka.topic_sample import sample_topic

    options = _options(settings, connection, "kafka")
    found = await sample_topic(KafkaSettings(**options), topic)  # type: ignore[arg-type]
    record = topic_record(found, topic, keep_values=keep_values)
    return _written([record], request_text([record], [topic], "kafka", connection))


def _written(records: Sequence[Record], request: str | None = None) -> WrittenTemplates:
    templates = tuple(
        WrittenTemplate(
            record.name, template_text(record), record.key, tuple(record.references()), record.rows
        )
        for record in records
    )
    return WrittenTemplates(templates, request)


def _options(settings: Settings, name: str, kind: str) -> Mapping[str, object]:
    """The settings of a connection of that kind.

    Raises:
        RequestError: there is none, or it has no address.
    """
    known: KnownConnection | None = known_connections(settings, shards=1).get(name)
    if known is None or known.kind != kind:
        raise RequestError(f"no connection to {kind} has the name {name!r}")
    if known.connector is None:
        raise RequestError(
            f"connection {name!r} has no {known.missing}: set {environment_name(known.setting)}"
        )
    options: Mapping[str, object] = known.connector.options  # type: ignore[attr-defined]
    return options
