"""Kafka as a kind of destination."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from eventer.core.errors import Fault
from eventer.core.model import GivenSchema, JsonValue, KafkaTarget, RecordFormat
from eventer.core.pointer import format_pointer
from eventer.destinations.connector import ConfiguredConnection, ConnectionContext
from eventer.destinations.kafka.connector import KafkaConnector
from eventer.destinations.kafka.topic_name import target_topic_error
from eventer.destinations.kind import DestinationKind
from eventer.destinations.option_pointers import pointer_faults

if TYPE_CHECKING:
    from eventer.destinations.kafka.connection_settings import KafkaConnectionSettings
    from eventer.destinations.kafka.target_options import KafkaOptions


class KafkaKind(DestinationKind[KafkaTarget, "KafkaConnectionSettings"]):
    """Topics of a Kafka cluster."""

    name = "kafka"
    title = "Kafka topic"
    target_type = KafkaTarget
    address_setting = "bootstrap_servers"

    def target_options(self) -> type[KafkaOptions]:
        """See `DestinationKind`."""
        from eventer.destinations.kafka.target_options import KafkaOptions

        return KafkaOptions

    def connection_settings(self) -> type[KafkaConnectionSettings]:
        """See `DestinationKind`."""
        from eventer.destinations.kafka.connection_settings import KafkaConnectionSettings

        return KafkaConnectionSettings

    def configure(
        self, settings: KafkaConnectionSettings, context: ConnectionContext
    ) -> ConfiguredConnection:
        """Without `delivery`, the broker decides on the guarantee."""
        from eventer.destinations.connection_options import client_options

        guarantee = None if settings.delivery == "auto" else settings.delivery
        if settings.bootstrap_servers is None:
            return ConfiguredConnection(guarantee)
        connector = KafkaConnector(context.name, client_options(settings), context.shards)
        return ConfiguredConnection(guarantee, connector, settings.bootstrap_servers)

    def faults(self, target: KafkaTarget) -> Iterator[Fault]:
        """The name of the topic, and options that need a key."""
        if fault := target_topic_error(target.topic):
            yield Fault("/topic", fault)
        options = {"key": target.key, "partition": target.partition, "timestamp": target.timestamp}
        headers = {f"headers{format_pointer([name])}": field for name, field in target.headers}
        yield from pointer_faults(options | headers)
        if target.op is not None and target.key is None:
            yield Fault(
                "/op",
                "`op` needs `key`: a deletion names the key of the deleted record",
                "set `key` to a field that every event has",
            )
        if target.key_format != "json" and target.key is None:
            yield Fault(
                "/key_format",
                "`key_format` needs `key`: without it, records have no keys",
                "set `key` to a field, or remove `key_format`",
            )

        yield from _schema_faults("schema", target.schema, target.format)
        yield from _schema_faults("key_schema", target.key_schema, target.key_format)

    def identity(self, target: KafkaTarget) -> Mapping[str, JsonValue]:
        """The target without the options that only matter when the topic is created."""
        formats = {"format": target.format, "key_format": target.key_format}
        schemas = {"schema": target.schema, "key_schema": target.key_schema}
        return {
            "connection": target.connection,
            "topic": target.topic,
            "key": target.key,
            "partition": target.partition,
            "timestamp": target.timestamp,
            "headers": sorted(target.headers),
            **{name: each for name, each in formats.items() if each != "json"},
            **{name: _schema_identity(each) for name, each in schemas.items() if each is not None},
        }

    def named_fields(self, target: KafkaTarget) -> Iterator[tuple[str, str]]:
        """Key, partition, timestamp and headers."""
        for option in ("key", "partition", "timestamp"):
            if (field := getattr(target, option)) is not None:
                yield option, field
        for name, field in target.headers:
            yield f"headers.{name}", field

    def request_options(self, target: KafkaTarget) -> dict[str, Any]:
        """Headers and settings are objects; JSON is the default format."""
        options = super().request_options(target)
        options |= {"headers": dict(target.headers), "config": dict(target.config)}
        for name in ("format", "key_format"):
            options[name] = None if options[name] == "json" else options[name]
        for name in ("schema", "key_schema"):
            options[name] = schema_option(options[name])
        return options

    def without_name(self, target: KafkaTarget) -> KafkaTarget:
        """The names of schemas and of their subjects contain that of the topic."""
        has_schema = not target.format == target.key_format == "json"
        return replace(target, topic=target.topic if has_schema else "", connection="")


def schema_option(given: GivenSchema | None) -> dict[str, Any] | None:
    """A given schema as in a request."""
    match given:
        case str(text):
            return {"text": text}
        case (subject, version):
            return {"subject": subject, "version": version}
        case _:
            return None


def _schema_identity(given: GivenSchema) -> JsonValue:
    """The schema without the spelling of its JSON."""
    if not isinstance(given, str):
        return list(given)
    try:
        return cast("JsonValue", json.loads(given))
    except (ValueError, RecursionError):
        return given


def _schema_faults(
    option: str, given: GivenSchema | None, record_format: RecordFormat
) -> Iterator[Fault]:
    """What is wrong with a given schema, whatever the template."""
    if given is None:
        return
    from eventer.destinations.kafka.formats.given_schema import GIVEN_FORMATS, schema_text_error

    if record_format not in GIVEN_FORMATS:
        name, formats = option.replace("schema", "format"), " or ".join(GIVEN_FORMATS)
        message = f"a given schema needs `{name}` {formats}"
        yield Fault(f"/{option}", message, f"set `{name}` to {formats}")
    elif isinstance(given, str) and (error := schema_text_error(given, record_format)):
        yield Fault(f"/{option}", error.message, error.hint)
