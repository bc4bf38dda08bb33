"""Checks the first events of a template against the schema of their records."""

from __future__ import annotations

from collections.abc import Iterable

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import JsonValue, KafkaTarget
from eventer.core.value_schema import RecordSchemas
from eventer.destinations.kafka.formats.schema_names import as_name
from eventer.destinations.kafka.formats.value_encoder import formatted_schema


def check_first_values(
    schemas: RecordSchemas,
    target: KafkaTarget,
    indices: Iterable[int],
    values: Iterable[JsonValue],
) -> None:
    """Checks the values of events, by their indices.

    Raises:
        DestinationRejectedError: one does not fit the schema.
    """
    if schemas.value is None:
        return
    encode = formatted_schema(schemas.value, target.format, as_name(target.topic)).encode
    for index, value in zip(indices, values, strict=True):
        try:
            encode(value)
        except ValueError as error:
            raise DestinationRejectedError(f"event {index}: {error}", index=index) from error
