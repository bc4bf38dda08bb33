"""Checks the first events of a template against the schema of their records."""

from __future__ import annotations

from collections.abc import Iterable

from eventer.core.errors import DestinationRejectedError
from eventer.core.model import JsonValue, KafkaTarget
from eventer.core.value_schema import RecordSchemas
from eventer.destinations.kafka.formats.subjects import subject_schemas


def check_first_values(
    schemas: RecordSchemas,
    target: KafkaTarget,
    indices: Iterable[int],
    values: Iterable[JsonValue],
) -> None:
    """Checks the schemas of a topic's records, and the values of events, by their indices.

    Raises:
        DestinationRejectedError: a format cannot have its schema, or a value does not fit.
    """
    formatted = {each.part: each.schema for each in subject_schemas(target, schemas)}
    if "value" not in formatted:
        return
    encode = formatted["value"].encode
    for index, value in zip(indices, values, strict=True):
        try:
            encode(value)
        except ValueError as error:
            raise DestinationRejectedError(f"event {index}: {error}", index=index) from error
