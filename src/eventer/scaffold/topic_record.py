"""Records from the records of a Kafka topic with JSON values."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from eventer.core.errors import RequestError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.scaffold.record import Record
from eventer.scaffold.sampled_record import sampled_record


def topic_record(
    records: Sequence[tuple[bytes | None, bytes]], topic: str, *, keep_values: bool = False
) -> Record:
    """The record of keys and values. Its key is the field that all keys have as their text.

    Raises:
        RequestError: there are no records, or a value is not JSON.
    """
    if not records:
        raise RequestError(f"topic {topic!r} has no records")
    values = [_json_value(value, topic) for _, value in records]
    name = re.sub(r"[^\w-]", "_", topic)
    record = sampled_record(name, values, f"topic {topic}", keep_values=keep_values)
    found = _key_field([key for key, _ in records], values)
    return replace(record, key=() if found is None else (found,))


def _json_value(value: bytes, topic: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(value)
    except ValueError as error:
        raise RequestError(
            f"topic {topic!r} has values that are not JSON: use --schema with their schema"
        ) from error
    return found


def _key_field(keys: Sequence[bytes | None], values: Sequence[JsonValue]) -> str | None:
    first = values[0]
    if not isinstance(first, dict):
        return None
    return next((name for name in first if _is_key(name, keys, values)), None)


def _is_key(name: str, keys: Sequence[bytes | None], values: Sequence[JsonValue]) -> bool:
    pairs = zip(keys, values, strict=True)
    return all(
        key is not None and isinstance(value, dict) and key == _key_bytes(value.get(name))
        for key, value in pairs
    )


def _key_bytes(value: JsonValue) -> bytes:
    return (value if isinstance(value, str) else json_text(value)).encode()
